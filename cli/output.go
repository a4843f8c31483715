package cli

import (
	"encoding/json"
	"fmt"
	"io"
)

// lines writes NDJSON: one JSON object per line.
type lines struct{ w io.Writer }

// lines returns the writer of NDJSON on standard output.
func (e *env) lines() lines { return lines{e.stdout} }

// write writes v on one line, in one call.
func (l lines) write(v any) error {
	e := json.NewEncoder(l.w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}
