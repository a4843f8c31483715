// Package report writes the result folder of a job.
//
//	result.json        what was asked and what is there ([Result])
//	<analysis>.*       the files of each analysis
//	<analysis>.cells.csv  one line for each cell of a level, where there are cells
//	SHA256SUMS         digests of all of the above, as sha256sum -c reads them
//	job.json           how it was computed ([JobFile]); the only file that
//	                   differs between two runs over the same bytes
//
// All but job.json depends on the bytes of the region and the analyses alone:
// not on the size of chunks, the number of workers, the store or the order of
// flags.
package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// Names of the files that every result folder has, beside those of analyses.
const (
	ResultName = "result.json"
	SumsName   = "SHA256SUMS"
	JobName    = "job.json"
)

// Source gives the summaries of a job's nodes. Implementations are safe for
// concurrent use.
type Source interface {
	// Summary returns the summary of node n by the analysis with that index
	// in the spec. The caller owns it.
	Summary(ctx context.Context, analysis int, n job.Node) (analysis.Summary, error)
}

// Options say what to write where there is a choice.
type Options struct {
	// Level is the level of the cells in the cells' files. Defaults to 0.
	Level int
}

// Write makes the result folder dir, or replaces the result that is in it.
// Files that binglide did not write stay; where one has the name of a result
// file the error is job.ErrInvalid, as it is where the region has no cells of
// the level asked for.
//
// Files appear in the folder once all of them are written, SHA256SUMS last: a
// folder in which sha256sum -c finds nothing to blame is whole. After an error
// met before that, the folder is as it was. job.json is left to [WriteJob].
func Write(ctx context.Context, dir string, spec *job.Spec, src Source, opt Options) (Result, error) {
	if err := checkLevel(spec, opt.Level); err != nil {
		return Result{}, err
	}
	w := &writer{spec: spec, src: src, level: opt.Level}
	if err := w.loadRoots(ctx); err != nil {
		return Result{}, err
	}
	names, err := w.names()
	if err != nil {
		return Result{}, err
	}
	f, err := openFolder(dir, names)
	if err != nil {
		return Result{}, err
	}
	defer f.discard()
	w.out = f
	res, err := w.write(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("write the result to %s: %w", dir, err)
	}
	return res, f.commit()
}

// Results returns the content of the analyses' .json files by the name of the
// analysis, on one line each. The roots are the root summaries in the order of
// the spec.
func Results(ctx context.Context, spec *job.Spec, roots []analysis.Summary) (map[string]json.RawMessage, error) {
	all := make(map[string]json.RawMessage)
	for i, id := range spec.Analyses {
		for _, f := range roots[i].Files() {
			if !strings.HasSuffix(f.Name, ".json") {
				continue
			}
			if all[id.Name] != nil {
				return nil, fmt.Errorf("read %s: analysis %s has more than one .json file", f.Name, id)
			}
			var err error
			if all[id.Name], err = compact(ctx, f); err != nil {
				return nil, fmt.Errorf("read %s: %w", f.Name, err)
			}
		}
	}
	return all, nil
}

func compact(ctx context.Context, f analysis.File) (json.RawMessage, error) {
	var long, short bytes.Buffer
	if err := f.Write(ctx, &long); err != nil {
		return nil, err
	}
	err := json.Compact(&short, long.Bytes())
	return short.Bytes(), err
}

// writer writes the files of one result.
type writer struct {
	spec  *job.Spec
	src   Source
	level int
	roots []analysis.Summary // in the order of the spec
	out   *folder
}

func (w *writer) loadRoots(ctx context.Context) error {
	root := w.spec.Tree().Root()
	for i, id := range w.spec.Analyses {
		s, err := w.src.Summary(ctx, i, root)
		if err != nil {
			return fmt.Errorf("read the root of %s: %w", id.Name, err)
		}
		w.roots = append(w.roots, s)
	}
	return nil
}

// names lists the files of the analyses.
func (w *writer) names() ([]string, error) {
	var names []string
	seen := map[string]bool{ResultName: true, SumsName: true, JobName: true}
	for i, s := range w.roots {
		files := s.Files()
		if _, ok := s.(analysis.Celled); ok {
			files = append(files, analysis.File{Name: cellsName(w.spec.Analyses[i])})
		}
		for _, f := range files {
			if seen[f.Name] || !isPlain(f.Name) {
				return nil, fmt.Errorf("analysis %s has a file named %q, which is taken or no file name", w.spec.Analyses[i], f.Name)
			}
			seen[f.Name] = true
			names = append(names, f.Name)
		}
	}
	return names, nil
}

func (w *writer) write(ctx context.Context) (Result, error) {
	for i, s := range w.roots {
		for _, f := range s.Files() {
			err := w.out.add(f.Name, func(to io.Writer) error { return f.Write(ctx, to) })
			if err != nil {
				return Result{}, err
			}
		}
		c, ok := s.(analysis.Celled)
		if !ok {
			continue
		}
		err := w.out.add(cellsName(w.spec.Analyses[i]), func(to io.Writer) error { return w.cells(ctx, to, i, c.CellsHeader()) })
		if err != nil {
			return Result{}, err
		}
	}
	res := w.result()
	if err := w.out.add(ResultName, res.encode); err != nil {
		return Result{}, err
	}
	return res, w.out.addSums()
}

// result describes the files written so far.
func (w *writer) result() Result {
	res := describe(w.spec)
	res.Files = w.out.sorted()
	for _, s := range w.roots {
		if _, ok := s.(analysis.Celled); ok {
			res.CellsLevel = &w.level
		}
	}
	return res
}

func cellsName(id job.AnalysisID) string { return id.Name + ".cells.csv" }
