package queue

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/binglide/binglide/job"
)

func TestTask_Stored(t *testing.T) {
	t.Parallel()
	task := Task{Kind: ReduceNode, Job: "abcdefghij234567", Node: job.Node{Level: 4, Index: 17}, Attempt: 2}
	if got, want := task.ID(), "abcdefghij234567:node:reduce:4.17:2"; got != want {
		t.Errorf("ID = %q, want %q", got, want)
	}
	b, err := task.payload()
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"job":"abcdefghij234567","node":{"level":4,"index":17},"attempt":2}`; string(b) != want {
		t.Errorf("payload = %s, want %s", b, want)
	}
	if got, err := ParseTask("node:reduce", b); got != task || err != nil {
		t.Errorf("ParseTask = %v, %v", got, err)
	}
}

func TestTask_Limits(t *testing.T) {
	t.Parallel()
	for kind := range queues {
		task := Task{Kind: kind, Job: job.NewID(), Node: job.Node{Level: job.MaxLevel, Index: math.MaxInt64}, Attempt: math.MaxInt}
		b, err := task.payload()
		if err != nil || len(b) > 1<<10 {
			t.Errorf("%s: payload of %d bytes, %v", kind, len(b), err)
		}
		if strings.Contains(task.ID(), "-") {
			t.Errorf("ID %q holds a '-'", task.ID())
		}
	}
}

func TestTask_Invalid(t *testing.T) {
	t.Parallel()
	for _, task := range []Task{
		{Kind: "chunk:mop", Job: "abcdefghij234567"},
		{Kind: MapChunk},
		{Kind: MapChunk, Job: "ab-cd"},
	} {
		if _, err := task.payload(); !errors.Is(err, job.ErrInvalid) {
			t.Errorf("payload of %v = %v", task, err)
		}
	}
}

func TestParseTask(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, payload string
		ok            bool
	}{
		{"of a later version", `{"job":"abcdefghij234567","node":{"level":3,"index":1},"attempt":0,"tenant":"x"}`, true},
		{"of an earlier version", `{"job":"abcdefghij234567"}`, true},
		{"no job", `{}`, false},
		{"not JSON", `job`, false},
		{"empty", ``, false},
		{"wrong type", `{"job":7}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := ParseTask("chunk:map", []byte(tt.payload)); (err == nil) != tt.ok || err != nil && !errors.Is(err, job.ErrInvalid) {
				t.Errorf("ParseTask = %v", err)
			}
		})
	}
}

// Names of queues and kinds are in the Redis of running clusters.
func TestQueues_Golden(t *testing.T) {
	t.Parallel()
	want := map[string]string{"job:plan": "plan", "chunk:map": "map", "node:reduce": "reduce"}
	for kind, queue := range want {
		if queues[Kind(kind)] != queue {
			t.Errorf("queue of %s = %q, want %q", kind, queues[Kind(kind)], queue)
		}
	}
	if len(queues) != len(want) {
		t.Errorf("%d kinds, want %d", len(queues), len(want))
	}
}

func TestParseResult(t *testing.T) {
	t.Parallel()
	r, err := ParseResult([]byte(`{"bytes":4096,"computed":3,"ms":12,"more":1}`))
	if want := (Result{Bytes: 4096, Computed: 3, Millis: 12}); r != want || err != nil {
		t.Errorf("ParseResult = %+v, %v", r, err)
	}
}
