// Package app is what a host serves, in the words of whoever wrote it: scripts and their
// versions, classes, namespaces of objects, and what a version's guests can reach.
//
// There are four types. A [Serving] is all of an [App] at one moment: a deploy puts
// another in its place, and nobody sees half of one. A [Version] is a program with its
// bindings. A [Namespace] is all objects of one class, with the key that their IDs
// derive from (id.go); [Routes] say which script a request is for.
//
// It keeps nothing and runs nothing: host/release makes a Serving, host/object and
// host/worker begin their calls with it.
package app
