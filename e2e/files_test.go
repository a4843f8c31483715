package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// report is a line of NDJSON about a job.
type report struct {
	Job      string                     `json:"job"`
	Input    string                     `json:"input"`
	State    string                     `json:"state"`
	Final    bool                       `json:"final"`
	Error    string                     `json:"error"`
	Results  map[string]json.RawMessage `json:"results"`
	Progress struct {
		Total  int64 `json:"chunks_total"`
		Done   int64 `json:"chunks_done"`
		Mapped int64 `json:"chunks_mapped"`
	} `json:"progress"`
}

func parseReport(t *testing.T, line string) (r report) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		t.Fatalf("no JSON on standard output: %q: %v", line, err)
	}
	return r
}

func parseReports(t *testing.T, out string) (all []report) {
	t.Helper()
	for line := range strings.Lines(out) {
		all = append(all, parseReport(t, line))
	}
	return all
}

// jobFile is what tests read of job.json.
type jobFile struct {
	Job          string            `json:"job"`
	ChunksTotal  int64             `json:"chunks_total"`
	ChunksMapped int64             `json:"chunks_mapped"`
	Keys         map[string]string `json:"keys"`
}

func readJob(t *testing.T, dir string) (j jobFile) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, filepath.Join(dir, "job.json")), &j); err != nil {
		t.Fatalf("job.json: %v", err)
	}
	return j
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// readFolder reads the files of a result folder, checking SHA256SUMS as
// sha256sum -c does, and that it lists all but job.json.
func readFolder(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		files[e.Name()] = readFile(t, filepath.Join(dir, e.Name()))
	}
	sums := make(map[string]string)
	for line := range strings.Lines(string(files["SHA256SUMS"])) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		sums[name] = sum
	}
	delete(files, "SHA256SUMS")
	delete(files, "job.json")
	for name, b := range files {
		if sum := sha256.Sum256(b); sums[name] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: SHA256SUMS says %q of %s, want %x", dir, sums[name], name, sum)
		}
	}
	if len(sums) != len(files) || len(files) == 0 {
		t.Errorf("%s: SHA256SUMS lists %d files, want %d", dir, len(sums), len(files))
	}
	return files
}

// checkEqual requires two result folders to be equal but for job.json.
func checkEqual(t *testing.T, a, b string) {
	t.Helper()
	x, y := readFolder(t, a), readFolder(t, b)
	if got, want := slices.Sorted(maps.Keys(x)), slices.Sorted(maps.Keys(y)); !slices.Equal(got, want) {
		t.Errorf("files %q in %s, %q in %s", got, a, want, b)
	}
	for name := range x {
		if !bytes.Equal(x[name], y[name]) {
			t.Errorf("%s: %s", name, firstDifference(string(x[name]), string(y[name])))
		}
	}
}

// writeFile writes a file of the test and returns its path.
func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sparse makes a file without data but for a few bytes in its middle.
func sparse(t *testing.T, size int64) string {
	t.Helper()
	path := writeFile(t, "sparse.img", nil)
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("not all is empty"), size/2+1); err != nil {
		t.Fatal(err)
	}
	return path
}

// noise returns bytes of which many values are more frequent than others.
func noise(seed uint64, n int) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed)})
	b := make([]byte, n)
	_, _ = r.Read(b) // never fails
	for i := range b {
		if i>>9&3 == 0 {
			b[i] &= 0x5F
		}
	}
	return b
}

// prose returns text with words of several scripts, some bytes that are no
// UTF-8, and lines of very different lengths.
func prose(n int) []byte {
	words := strings.Fields("the The of and Ünder straße ΑΓΟΡΑ λόγος книга 数据 x86 2026 naïve Zażółć a")
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteString(words[min(r.IntN(len(words)), r.IntN(len(words)))])
		switch r.IntN(40) {
		case 0:
			b.WriteString(".\n")
		case 1:
			b.Write([]byte{0xC3, 0x28, 0xFF})
		case 2:
			b.WriteString(strings.Repeat("long", r.IntN(100)))
		default:
			b.WriteByte(' ')
		}
	}
	return b.Bytes()[:n]
}

func picture(t *testing.T) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 700, 500))
	r := rand.New(rand.NewPCG(3, 4))
	for y := range 500 {
		for x := range 700 {
			m.Set(x, y, color.NRGBA{uint8(x * y), uint8(x ^ y), uint8(r.IntN(64)), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// filesUnder lists the files below a folder whose path has the given part.
func filesUnder(t *testing.T, dir, part string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.Contains(path, part) {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
