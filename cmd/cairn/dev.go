package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host/storage"
)

func newDev() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "dev [CONFIG...]",
		Short: "serve, rebuild on change, and swap the module without dropping a request",
		Long: "dev serves like cairn serve, and watches what the scripts are made of: the " +
			"folders of the configs and of\n" +
			"all packages that are somebody's to edit. After a change it builds the script anew " +
			"and lets the new version\n" +
			"take over, interpreted until it is compiled; if it does not build, the old one " +
			"keeps serving, and while\n" +
			"there is none, a page that says why. Each request is printed. It begins with what " +
			"the files say, whatever\n" +
			"was deployed before, and its versions are kept in memory.",
		RunE: func(cmd *cobra.Command, args []string) error {
			f.draft, f.sources.beside = true, true // what is edited counts, not what was deployed
			return serve(cmd.Context(), f, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.clear, "clear", false, "empty the store first")
	return cmd
}

// asideName is where --clear keeps a store until the start has succeeded.
func asideName(dir string) string { return dir + ".cleared" }

// setAside takes a store out of the way, unless another host has it open, or the
// folder holds anything that no store does: nobody wants to lose that to a wrong
// --data. undo brings it back, for a start that fails.
func setAside(dir string) (undo func() error, err error) {
	nothing := func() error { return nil }
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nothing, nil
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == dir && d.IsDir(), path == filepath.Join(dir, "wal") && d.IsDir():
			return nil
		case !d.Type().IsRegular() || !storage.IsFile(d.Name()):
			return fmt.Errorf("%s is no part of a store, and nothing was removed "+
				"(remove %s yourself, or choose another folder with --data)", path, dir)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("empty the store: %w", err)
	}
	// No more than a lock: a store that does not open can be removed all the same.
	lock, err := storage.Lock(dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close() // the lock follows the file wherever that is by then
	aside := asideName(dir)
	if err := errors.Join(os.RemoveAll(aside), os.Rename(dir, aside)); err != nil {
		return nil, fmt.Errorf("empty the store: %w", err)
	}
	return func() error { return errors.Join(os.RemoveAll(dir), os.Rename(aside, dir)) }, nil
}
