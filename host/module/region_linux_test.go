package module

import (
	"os"
	"slices"
	"testing"
)

// listedRegion returns a region with an image of so many pages, none of which is
// written, and that is known.
func listedRegion(t *testing.T, pages int) *region {
	t.Helper()
	image, err := newImageFile(make([]byte, pages*pageBytes))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(image.close)
	r, err := newRegion(uint64(len(image.bytes)), image)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.release)
	if r.private(r.image); !r.listed {
		t.Skip("this kernel does not say which pages were written")
	}
	return &r
}

// TestAdd tells a region what will be written.
func TestAdd(t *testing.T) {
	r := listedRegion(t, 8)
	r.add(4*pageBytes, 4*pageBytes+1)
	r.add(100, 2*pageBytes+1)       // three pages
	r.add(pageBytes, 2*pageBytes)   // of which this is one
	r.add(7*pageBytes, 9*pageBytes) // to behind what the list is of
	r.add(20*pageBytes, 30*pageBytes)
	want := []uint64{0, pageBytes, 2 * pageBytes, 4 * pageBytes, 7 * pageBytes}
	if got := r.private(r.image); !slices.Equal(got, want) {
		t.Errorf("the list is %v, want %v", got, want)
	}
}

// TestSystemCall lets the kernel write to a region, in the name of a thread.
func TestSystemCall(t *testing.T) {
	r := listedRegion(t, 8)
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	if _, err := out.WriteString("text"); err != nil {
		t.Fatal(err)
	}
	s := r.begin(true)
	_, err = in.Read(r.bytes(r.image)[5*pageBytes:][:4])
	r.end(s)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.private(r.image); !slices.Equal(got, []uint64{5 * pageBytes}) {
		t.Errorf("the list is %v", got)
	}
}
