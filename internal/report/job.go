package report

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/binglide/binglide/job"
)

// JobFile is the content of job.json: how a result was computed. No other file
// of the folder depends on it.
type JobFile struct {
	Job       job.ID    `json:"job"`
	Store     string    `json:"store"`      // URL, without credentials
	ChunkSize int64     `json:"chunk_size"` // bytes
	Input     job.Input `json:"input"`
	// Keys are the keys of the root summaries by the name of the analysis.
	Keys         map[string]job.Key `json:"keys"`
	ChunksTotal  int64              `json:"chunks_total"`
	ChunksMapped int64              `json:"chunks_mapped"` // 0: all came from the store
	Created      time.Time          `json:"created"`
	Finished     time.Time          `json:"finished"`
	Elapsed      float64            `json:"elapsed_seconds"`
	Version      string             `json:"binglide"`
}

// Run is what a JobFile holds beside the facts of the job.
type Run struct {
	Store   string // URL of the store, without credentials
	Version string // of binglide
}

// NewJobFile returns the content of job.json for a job that is done. It panics
// if done has not one key for each analysis of the spec.
func NewJobFile(spec *job.Spec, done *job.Done, run Run) JobFile {
	j := JobFile{
		Job:          spec.ID,
		Store:        run.Store,
		ChunkSize:    job.LevelSize(spec.ChunkLevel),
		Input:        spec.Input,
		Keys:         make(map[string]job.Key, len(done.Keys)),
		ChunksTotal:  done.ChunksTotal,
		ChunksMapped: done.ChunksMapped,
		Created:      time.Unix(0, spec.Created).UTC(),
		Finished:     time.Unix(0, done.At).UTC(),
		Elapsed:      time.Duration(done.At - spec.Created).Seconds(),
		Version:      run.Version,
	}
	for i, a := range spec.Analyses {
		j.Keys[a.Name] = done.Keys[i]
	}
	return j
}

// WriteJob writes job.json into the result folder dir, which [Write] made.
func WriteJob(dir string, j JobFile) error {
	f := &folder{dir: dir}
	defer f.discard()
	var err error
	if f.aside, err = os.MkdirTemp(dir, asidePrefix); err != nil {
		return fmt.Errorf("write %s: %w", JobName, err)
	}
	if err := f.add(JobName, func(w io.Writer) error { return encodeJSON(w, j) }); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(f.aside, JobName), filepath.Join(dir, JobName)); err != nil {
		return fmt.Errorf("put %s in place: %w", JobName, err)
	}
	return nil
}
