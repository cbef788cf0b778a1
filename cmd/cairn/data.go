package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
)

// dataParts are what a data folder consists of.
var dataParts = []string{"store", "store.cleared", "cache", "build", "told.json", ".gitignore"}

// prepareData makes the data folder, for nobody but who runs the host: objects' keys
// and modules are in it. What an older host left open to others is closed. git is
// told to leave the folder out, wherever the project's own .gitignore does not.
//
// A folder that holds anything else is somebody's, such as a project's own with
// --data . or the root of a disk: what is ours in it is closed, the folder stays.
func prepareData(dir string, logger *slog.Logger) error {
	privateUmask() // for what the store and the compiler make from now on
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return fmt.Errorf("data folder: %w (choose another with --data)", err)
	}
	ours := !slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return !slices.Contains(dataParts, e.Name())
	})
	if ours {
		err = errors.Join(closeToOthers(dir, 0o700), ignoreAll(filepath.Join(dir, ".gitignore")))
	}
	for _, part := range dataParts {
		if ours || part != ".gitignore" {
			err = errors.Join(err, closeTree(filepath.Join(dir, part)))
		}
	}
	if err != nil { // another user's folder that we may write to
		logger.Warn("others may be able to read the data folder", "folder", dir, "error", err)
	}
	return nil
}

// ignoreAll writes a .gitignore that ignores its folder, unless there is one.
func ignoreAll(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString("*\n")
	return errors.Join(err, f.Close())
}

// closeTree takes a folder and what is in it from others.
func closeTree(dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // gone meanwhile
			return nil
		case err != nil:
			return err
		case d.IsDir():
			return closeToOthers(path, 0o700)
		case d.Type().IsRegular():
			return closeToOthers(path, 0o600)
		}
		return nil
	})
}

// closeToOthers takes from a file's mode what is above most.
func closeToOthers(path string, most fs.FileMode) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&^most == 0 {
		return err
	}
	return os.Chmod(path, info.Mode().Perm()&most)
}
