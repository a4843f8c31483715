package cli

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/binglide/binglide/job"
)

const (
	redrawEvery = 100 * time.Millisecond
	rateWindow  = 5 * time.Second // over which the rate is smoothed
	barWidth    = 24              // columns, at most
	nameWidth   = 24              // columns, at most
)

// meter smooths the rate at which a job comes along.
type meter struct {
	at    time.Time
	bytes int64
	rate  float64 // bytes per second; 0: not known
}

// update takes note that so many bytes are done. The first call sets the start.
//
// The rate is an exponential moving average with the time constant rateWindow.
func (m *meter) update(now time.Time, bytes int64) {
	dt := now.Sub(m.at).Seconds()
	if m.at.IsZero() || bytes < m.bytes {
		m.at, m.bytes = now, bytes
		return
	}
	if dt < redrawEvery.Seconds()/2 {
		return
	}
	rate := float64(bytes-m.bytes) / dt
	if m.rate > 0 {
		rate = m.rate + (rate-m.rate)*(1-math.Exp(-dt/rateWindow.Seconds()))
	}
	m.at, m.bytes, m.rate = now, bytes, rate
}

// left returns how long so many bytes take, or false where nobody knows.
func (m *meter) left(bytes int64) (time.Duration, bool) {
	seconds := float64(bytes) / m.rate
	if m.rate <= 0 || seconds > 1e6 {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// progressLine returns what is known of a job's progress in at most width
// columns; with no width to fit into there is no bar.
func progressLine(name string, p job.Progress, m *meter, width int) string {
	text := fmt.Sprintf("%3d %%  %s of %s", percent(p), formatSize(p.BytesDone), formatSize(p.BytesTotal))
	if m.rate > 0 {
		text += "  " + formatRate(m.rate)
	}
	if left, ok := m.left(p.BytesTotal - p.BytesDone); ok && p.BytesDone < p.BytesTotal {
		text += "  " + formatLeft(left) + " left"
	}
	if width <= 0 {
		return fit(name, nameWidth) + "  " + strings.TrimLeft(text, " ")
	}
	name = fit(name, min(nameWidth, width/4))
	room := width - utf8.RuneCountInString(name) - utf8.RuneCountInString(text) - 4
	if room >= 4 {
		text = bar(float64(percent(p))/100, min(room, barWidth)) + "  " + text
	}
	return fit(name+"  "+text, width)
}

// formatLeft returns d as a clock counts down: "0:07", "12:34", or "2h07m".
func formatLeft(d time.Duration) string {
	if d >= time.Hour {
		return formatDuration(d)
	}
	seconds := int(math.Ceil(d.Seconds()))
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

// percent rounds down: 100 means done.
func percent(p job.Progress) int {
	switch {
	case p.BytesTotal > 0:
		return int(float64(p.BytesDone) / float64(p.BytesTotal) * 100)
	case p.ChunksDone < p.ChunksTotal:
		return 0
	}
	return 100
}

// bar returns a bar of which a share is filled.
func bar(share float64, width int) string {
	n := int(math.Round(max(0, min(1, share)) * float64(width)))
	return strings.Repeat("█", n) + strings.Repeat("░", width-n)
}

// fit cuts s to width columns of one rune each, and marks the cut.
func fit(s string, width int) string {
	s = printable(s)
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:max(0, width-1)]) + "…"
}

// progress draws the progress of a job on one line of a terminal, in place.
// It is used by one goroutine.
type progress struct {
	name  string
	w     io.Writer
	width func() int // columns of the terminal; nil: draw nothing
	now   func() time.Time
	meter meter
	drawn time.Time // zero: nothing is on the line
}

// newProgress returns the progress of a job over the named input on standard
// error; where that is no terminal, it draws nothing.
func (e *env) newProgress(name string) *progress {
	p := &progress{name: name, w: e.stderr, now: e.now}
	if _, ok := terminalWidth(e.stderr); ok {
		p.width = func() int { width, _ := terminalWidth(e.stderr); return width }
	}
	return p
}

// update draws a line, unless the last one is very young.
func (p *progress) update(state job.Progress) {
	now := p.now()
	p.meter.update(now, state.BytesDone)
	if p.width == nil || now.Sub(p.drawn) < redrawEvery {
		return
	}
	p.drawn = now
	// The last column stays free: some terminals wrap when it is written to.
	fmt.Fprint(p.w, "\r"+progressLine(p.name, state, &p.meter, p.width()-1)+"\x1b[K")
}

// close removes the line.
func (p *progress) close() {
	if !p.drawn.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = time.Time{}
	}
}
