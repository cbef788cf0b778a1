//go:build !unix

package listen

// Descriptors returns how many descriptors this process may have open.
func Descriptors() int { return fallbackDescriptors }
