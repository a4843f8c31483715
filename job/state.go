package job

import "time"

// State is where a job stands, derived from the facts stored of it. A greater
// state never turns into a smaller one.
type State int

// The states. Of several terminal facts done wins, then failed: a result that
// is there is not taken back.
const (
	Running State = iota
	StateCancelled
	StateFailed
	StateDone
)

// String returns the state as status prints it.
func (s State) String() string {
	return [...]string{"running", "cancelled", "failed", "done"}[s]
}

// MarshalText implements [encoding.TextMarshaler].
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Final reports whether the job will do nothing more.
func (s State) Final() bool { return s != Running }

// Done is the fact that the root of every analysis is stored.
type Done struct {
	// Keys are the keys of the root summaries, in the order of the spec.
	Keys         []Key `json:"keys"`
	ChunksTotal  int64 `json:"chunks_total"`
	ChunksMapped int64 `json:"chunks_mapped"` // 0: all came from the store
	At           int64 `json:"at_ns"`         // nanoseconds since 1970
}

// Failed is the fact that a job was given up.
type Failed struct {
	Node  Node   `json:"node"`
	Range Range  `json:"range"` // the bytes that could not be analysed
	Error string `json:"error"`
	At    int64  `json:"at_ns"`
}

// Cancelled is the fact that someone asked for the job to stop.
type Cancelled struct {
	At int64 `json:"at_ns"`
}

// Progress is how far a job has come.
type Progress struct {
	ChunksTotal  int64 `json:"chunks_total"`
	ChunksDone   int64 `json:"chunks_done"`
	ChunksMapped int64 `json:"chunks_mapped"` // of those done, not found in the store
	BytesTotal   int64 `json:"bytes_total"`
	BytesDone    int64 `json:"bytes_done"`
}

// Status is what is known of a job at one moment.
type Status struct {
	Spec      Spec       `json:"spec"`
	State     State      `json:"state"`
	Progress  Progress   `json:"progress"`
	Done      *Done      `json:"done,omitempty"`
	Failed    *Failed    `json:"failed,omitempty"`
	Cancelled *Cancelled `json:"cancelled,omitempty"`
}

// StateOf derives the state from the terminal facts present.
func StateOf(done *Done, failed *Failed, cancelled *Cancelled) State {
	switch {
	case done != nil:
		return StateDone
	case failed != nil:
		return StateFailed
	case cancelled != nil:
		return StateCancelled
	}
	return Running
}

// Now returns t in the form facts hold it.
func Now(t time.Time) int64 { return t.UnixNano() }
