//go:build !unix

package main

// privateUmask does nothing: files belong to whom the folder's list of rights says.
func privateUmask() {}
