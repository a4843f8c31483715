package report

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/binglide/binglide/job"
)

// asidePrefix starts the names of folders that files are written to before
// they are renamed to their place.
const asidePrefix = ".binglide-"

// leftoverAge is how old a folder of files written aside has to be to count as
// left by a process that died.
const leftoverAge = time.Hour

// folder is a result folder being written.
type folder struct {
	dir   string
	aside string   // inside dir
	made  bool     // dir was not there before
	owned []string // files of the result that is in dir
	files []File   // written aside so far
}

// openFolder prepares dir for files with the given names, beside those every
// result has.
func openFolder(dir string, names []string) (*folder, error) {
	f := &folder{dir: dir}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		f.made = true
	case err != nil:
		return nil, fmt.Errorf("open the result folder: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%w: result folder %s is a file: choose another path", job.ErrInvalid, dir)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the result folder: %w", err)
	}
	f.owned = owned(dir)
	err := f.checkForeign(append(names, ResultName, SumsName, JobName))
	if err == nil {
		f.aside, err = os.MkdirTemp(dir, asidePrefix)
	}
	if err != nil {
		f.discard()
		return nil, err
	}
	f.removeLeftovers()
	return f, nil
}

// owned lists the files of the result in dir, as its result.json tells; none if
// there is none.
func owned(dir string) []string {
	b, err := os.ReadFile(filepath.Join(dir, ResultName))
	if err != nil {
		return nil
	}
	var res Result
	if json.Unmarshal(b, &res) != nil || res.Format != Format {
		return nil
	}
	names := []string{ResultName, SumsName, JobName}
	for _, f := range res.Files {
		if isPlain(f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// checkForeign refuses to replace files that no result of ours lists.
func (f *folder) checkForeign(names []string) error {
	for _, name := range names {
		if slices.Contains(f.owned, name) {
			continue
		}
		path := filepath.Join(f.dir, name)
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%w: %s was not written by binglide: move it away or choose another result folder", job.ErrInvalid, path)
		}
	}
	return nil
}

// removeLeftovers removes what died writers left. Errors leave it there.
func (f *folder) removeLeftovers() {
	all, _ := filepath.Glob(filepath.Join(f.dir, asidePrefix+"*"))
	for _, path := range all {
		info, err := os.Stat(path)
		if err == nil && info.IsDir() && time.Since(info.ModTime()) > leftoverAge {
			os.RemoveAll(path)
		}
	}
}

// add writes a file aside.
func (f *folder) add(name string, write func(io.Writer) error) error {
	file, err := os.Create(filepath.Join(f.aside, name))
	if err != nil {
		return err
	}
	sum := sha256.New()
	buf := bufio.NewWriterSize(io.MultiWriter(file, sum), 256<<10)
	err = write(buf)
	if err == nil {
		err = buf.Flush()
	}
	size, seekErr := file.Seek(0, io.SeekCurrent)
	if err := cmp.Or(err, seekErr, file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	f.files = append(f.files, File{name, size, job.Digest(sum.Sum(nil))})
	return nil
}

// addSums writes SHA256SUMS over all files added so far.
func (f *folder) addSums() error {
	files := f.sorted()
	return f.add(SumsName, func(w io.Writer) error {
		for _, file := range files {
			if _, err := fmt.Fprintf(w, "%s  %s\n", file.SHA256, file.Name); err != nil {
				return err
			}
		}
		return nil
	})
}

// sorted returns the files added so far by name.
func (f *folder) sorted() []File {
	return slices.SortedFunc(slices.Values(f.files), func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
}

// commit puts the files in place of those of the result that was there. A crash
// in the middle leaves a result.json that lists every file of ours, and a
// SHA256SUMS that does not fit or is not there.
func (f *folder) commit() error {
	for _, name := range f.stale() {
		if err := os.Remove(filepath.Join(f.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the former result: %w", err)
		}
	}
	order := []string{ResultName}
	for _, file := range f.files {
		if file.Name != ResultName && file.Name != SumsName {
			order = append(order, file.Name)
		}
	}
	for _, name := range append(order, SumsName) {
		if err := os.Rename(filepath.Join(f.aside, name), filepath.Join(f.dir, name)); err != nil {
			return fmt.Errorf("put %s in place: %w", name, err)
		}
	}
	f.made = false
	return nil
}

// stale lists the files of the former result that the new one has not.
func (f *folder) stale() []string {
	return slices.DeleteFunc(slices.Clone(f.owned), func(name string) bool {
		return slices.ContainsFunc(f.files, func(file File) bool { return file.Name == name })
	})
}

// discard removes what was written aside, and the folder if it was made here
// and nothing is in it.
func (f *folder) discard() {
	if f.aside != "" {
		os.RemoveAll(f.aside)
	}
	if f.made {
		os.Remove(f.dir)
	}
}

// isPlain reports whether name names a file in a folder, and a visible one.
func isPlain(name string) bool {
	return name != "" && !strings.HasPrefix(name, ".") && !strings.ContainsAny(name, "/\\\n\r\x00")
}
