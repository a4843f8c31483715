package job_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/binglide/binglide/job"
)

func validSpec() *job.Spec {
	return &job.Spec{
		ID: "abcdefghij234567", Input: inputs()["file"], Region: job.Range{Offset: 10, Length: 100},
		Analyses: []job.AnalysisID{counting}, ChunkLevel: 3,
	}
}

func TestSpec_Validate(t *testing.T) {
	t.Parallel()
	if err := validSpec().Validate(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		edit func(*job.Spec)
		want string // part of the message; empty: valid
	}{
		{"empty region at the end", func(s *job.Spec) { s.Region = job.Range{Offset: 1 << 20} }, ""},
		{"empty input", func(s *job.Spec) { s.Input.Size, s.Region = 0, job.Range{} }, ""},
		{"whole input", func(s *job.Spec) { s.Region = job.Range{Length: 1 << 20} }, ""},
		{"the largest", func(s *job.Spec) { s.Input.Size = 1 << 60 }, ""},
		{"no source", func(s *job.Spec) { s.Input.File = nil }, `input "a": want exactly one of stored, object and file`},
		{"two sources", func(s *job.Spec) { s.Input.Object = &job.Object{} }, "exactly one"},
		{"negative size", func(s *job.Spec) { s.Input.Size = -1 }, "size of -1 bytes"},
		{"too large", func(s *job.Spec) { s.Input.Size = 1<<60 + 1 }, "size of 1152921504606846977 bytes"},
		{"negative offset", func(s *job.Spec) { s.Region.Offset = -1 }, "offset -1: want 0 or more"},
		{"negative length", func(s *job.Spec) { s.Region.Length = -1 }, "length -1: want 0 or more"},
		{"offset beyond", func(s *job.Spec) { s.Region = job.Range{Offset: 1<<20 + 1} }, `beyond the end of "a" (1048576 bytes)`},
		{"end beyond", func(s *job.Spec) { s.Region.Length = 1 << 20 }, "region of 1048576 bytes at 10"},
		{"overflow", func(s *job.Spec) { s.Region.Length = 1<<63 - 1 }, "beyond the end"},
		{"small chunks", func(s *job.Spec) { s.ChunkLevel = 0 }, "chunk level 0: want 1 to 4"},
		{"large chunks", func(s *job.Spec) { s.ChunkLevel = 5 }, "chunk level 5: want 1 to 4"},
		{"other chunks than stored", func(s *job.Spec) { s.Input = inputs()["stored"] },
			"chunk size of 16777216 bytes: the input is stored in chunks of 65536 bytes"},
		{"nothing to do", func(s *job.Spec) { s.Analyses = nil }, "no analysis named"},
		{"twice", func(s *job.Spec) { s.Analyses = append(s.Analyses, counting) }, `analysis "bytes" is named twice`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := validSpec()
			tt.edit(s)
			err := s.Validate()
			if tt.want == "" {
				if err != nil {
					t.Errorf("Validate = %v", err)
				}
				return
			}
			if !errors.Is(err, job.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Validate = %v, want ErrInvalid with %q", err, tt.want)
			}
		})
	}
}

func TestSpec_JSON(t *testing.T) {
	t.Parallel()
	for name, in := range inputs() {
		s := validSpec()
		s.Input, s.Private, s.Created = in, true, 7
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var got job.Spec
		if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(&got, s) {
			t.Errorf("%s: %s comes back as %+v, %v", name, b, got, err)
		}
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	seen := make(map[job.ID]bool)
	for range 100 {
		id := job.NewID()
		if got, err := job.ParseID(string(id)); got != id || err != nil || seen[id] {
			t.Fatalf("NewID = %s: parsed as %s, %v; seen before: %v", id, got, err, seen[id])
		}
		seen[id] = true
	}
	for _, bad := range []string{"", "abc", "abcdefghij23456", "abcdefghij2345678", "ABCDEFGHIJ234567", "abcdefghij-34567", "abcdefghij/../67", "äbcdefghij23456"} {
		_, err := job.ParseID(bad)
		if !errors.Is(err, job.ErrInvalid) || !strings.Contains(err.Error(), "binglide ls") {
			t.Errorf("ParseID(%q) = %v, want ErrInvalid with the mend", bad, err)
		}
	}
}

func TestStateOf(t *testing.T) {
	t.Parallel()
	for bits := range 8 {
		var d *job.Done
		var f *job.Failed
		var c *job.Cancelled
		want := job.Running
		if bits&1 != 0 {
			c, want = &job.Cancelled{}, job.StateCancelled
		}
		if bits&2 != 0 {
			f, want = &job.Failed{}, job.StateFailed
		}
		if bits&4 != 0 {
			d, want = &job.Done{}, job.StateDone
		}
		got := job.StateOf(d, f, c)
		if got != want || got.Final() != (bits != 0) {
			t.Errorf("StateOf(%v, %v, %v) = %s, final %v; want %s", d, f, c, got, got.Final(), want)
		}
	}
}

func TestState_Text(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal([]job.State{job.Running, job.StateCancelled, job.StateFailed, job.StateDone})
	if want := `["running","cancelled","failed","done"]`; string(b) != want || err != nil {
		t.Errorf("states are %s, %v; want %s", b, err, want)
	}
}

func TestIsPermanent(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		job.ErrInvalid: true, job.ErrUnknownAnalysis: true, job.ErrInputChanged: true,
		job.ErrCancelled: false, job.ErrNotFound: false, errors.New("other"): false,
	} {
		wrapped := &job.NodeError{Job: "j", Node: job.Node{Level: 1}, Err: fmt.Errorf("read: %w", err)}
		if job.IsPermanent(err) != want || job.IsPermanent(wrapped) != want {
			t.Errorf("IsPermanent(%v), bare or wrapped, is not %v", err, want)
		}
	}
	if job.IsPermanent(nil) {
		t.Error("no error is permanent")
	}
}

func TestNodeError(t *testing.T) {
	t.Parallel()
	err := &job.NodeError{Job: "abcdefghij234567", Node: job.Node{Level: 3, Index: 17}, Attempt: 2, Err: job.ErrInputChanged}
	if want := "job abcdefghij234567 node 3.17 attempt 2: input changed"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

func TestNow(t *testing.T) {
	t.Parallel()
	if got := job.Now(time.Unix(1, 5)); got != 1_000_000_005 {
		t.Errorf("Now = %d", got)
	}
}

func ExampleSpec_Validate() {
	s := job.Spec{
		Input:    job.Input{Name: "disk.img", Size: 100, File: &job.File{Path: "/disk.img"}},
		Region:   job.Range{Offset: 90, Length: 20},
		Analyses: []job.AnalysisID{{Name: "bytes", Version: 1}}, ChunkLevel: job.DefaultChunkLevel,
	}
	fmt.Println(s.Validate())
	// Output: invalid: region of 20 bytes at 90 reaches beyond the end of "disk.img" (100 bytes)
}

func ExampleAnalysisID_String() {
	fmt.Println(job.AnalysisID{Name: "bytes", Version: 1})
	fmt.Println(job.AnalysisID{Name: "grep", Version: 2, Params: "pattern=a"})
	// Output:
	// bytes/1
	// grep/2?pattern=a
}
