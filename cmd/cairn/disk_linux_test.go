package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDiskFull runs a host on a small disk that fills up and is emptied again.
func TestDiskFull(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("a small disk needs the right to mount one: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	data, filler := filepath.Join(disk, "data"), filepath.Join(disk, "filler")
	fill := func() { t.Helper(); fillDisk(t, filler) }
	config := watConfig(t, t.TempDir(), `{"tag": "v1", "new_sqlite_classes": ["Counter"]}`,
		`{"name": "COUNTERS", "class_name": "Counter"}`)
	serve := cairn("serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data", data,
		config)
	// No room for a first start, nor for the second: neither hangs.
	fill()
	for range 2 {
		if got := serve.run(t); got.code != 1 || got.stdout != "" ||
			!strings.Contains(got.stderr, "disk full") {
			t.Errorf("a start without room: %+v", got)
		}
	}
	os.Remove(filler)
	p := startServe(t, nil, "--data", data, config)
	count := 0
	increment := func() (status int) {
		t.Helper()
		status, body := p.get("/increment?name=A")
		switch status {
		case 200:
			count++
		case 503:
		default:
			t.Fatalf("%d %s", status, body)
		}
		return status
	}
	for count < 10 {
		increment()
	}
	fill()
	for increment() != 503 { // the disk is looked at some times a second
	}
	for range 20 {
		if status := increment(); status != 503 {
			t.Errorf("a write on a full disk: %d", status)
		}
	}
	want := func(when string) {
		t.Helper()
		status, body := p.get("/?name=A")
		if status != 200 || !strings.Contains(body, fmt.Sprint("count: ", count)) {
			t.Errorf("%s: %d %s, want %d", when, status, body, count)
		}
	}
	want("a read on a full disk")
	os.Remove(filler)
	for increment() != 200 {
	}
	if n := strings.Count(p.log(), "the disk is full"); n != 1 {
		t.Errorf("said %d times, want once", n)
	}
	fill()
	p.stop() // also while there is no room
	if got := serve.run(t); got.code != 1 || !strings.Contains(got.stderr, "disk full") {
		t.Errorf("a start without room: %+v", got)
	}
	os.Remove(filler)
	p = startServe(t, nil, "--data", data, config)
	want("after a start")
	p.stop()
}

// fillDisk writes to a file until there is no more room.
func fillDisk(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for chunk := make([]byte, 64<<10); err == nil; {
		_, err = f.Write(chunk)
	}
}
