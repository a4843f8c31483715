package shape

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestShape holds binglide itself to the house budget.
func TestShape(t *testing.T) {
	t.Parallel()
	r, err := Measure("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	for _, breach := range r.Breaches(house()) {
		t.Error(breach)
	}
}

// house is the budget of binglide.
func house() Budget {
	return Budget{
		FunctionMedian: 10, FunctionP90: 30, FunctionMax: 60,
		FileMedian: 200, FileP90: 400,
		InterfaceP90: 3,
	}
}

// tree writes files and returns their folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func measure(t *testing.T, files map[string]string) *Report {
	t.Helper()
	r, err := Measure(tree(t, files))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMeasure_Sizes(t *testing.T) {
	t.Parallel()
	r := measure(t, map[string]string{
		"a/a.go":          "package a\n\nfunc one() {}\n\nfunc three() {\n\tone()\n}\n",
		"a/b.go":          "package a\n\ntype i interface {\n\tm()\n\tn()\n\terror\n}\n",
		"a/a_test.go":     "package a\n\nfunc long() {\n\n\n\n}\n",
		"a/testdata/x.go": "not Go",
		".hidden/x.go":    "not Go",
		"a/notes.txt":     "not Go",
	})
	if r.CodeLines != 14 || r.TestLines != 7 {
		t.Errorf("%d lines of code, %d of test, want 14 and 7", r.CodeLines, r.TestLines)
	}
	if got := sizes(r.Functions); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("functions of %v lines, want 1 and 3", got)
	}
	if got := sizes(r.Files); !slices.Equal(got, []int{7, 7}) {
		t.Errorf("files of %v lines, want 7 and 7", got)
	}
	if got := sizes(r.Interfaces); !slices.Equal(got, []int{3}) {
		t.Errorf("interfaces of %v methods, want 3", got)
	}
}

func sizes(all []Size) (ns []int) {
	for _, s := range sortedBySize(all) {
		ns = append(ns, s.N)
	}
	return ns
}

// last returns the last words of lines such as "file:1 name".
func last(lines []string) (names []string) {
	for _, l := range lines {
		names = append(names, l[strings.LastIndexByte(l, ' ')+1:])
	}
	return names
}

func TestMeasure_Names(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, code   string
		undocumented []string
		inits        []string
	}{
		{"function", "func F() {}\n// G does.\nfunc G() {}\nfunc h() {}", []string{"F"}, nil},
		{"method", "// T is.\ntype T struct{}\nfunc (t *T) F() {}\nfunc (t T) g() {}", []string{"F"}, nil},
		{"method of a hidden type", "type t struct{}\nfunc (t) F() {}", nil, nil},
		{"method of a generic type", "// T is.\ntype T[P any] struct{}\nfunc (t *T[P]) F() {}", []string{"F"}, nil},
		{"type", "type T int\ntype u int", []string{"T"}, nil},
		{"constants with one comment", "// Kinds.\nconst (\nA = 1\nB = 2\n)", nil, nil},
		{"constants with comments beside", "const (\nA = 1 // one\nB = 2\n)", []string{"B"}, nil},
		{"init", "func init() {}", nil, []string{"init"}},
		{"method named init", "type t struct{}\nfunc (t) init() {}", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := measure(t, map[string]string{"a.go": "package a\n\n" + tt.code + "\n"})
			if got := last(r.Undocumented); !slices.Equal(got, tt.undocumented) {
				t.Errorf("undocumented %q, want %q", got, tt.undocumented)
			}
			if got := last(r.Inits); !slices.Equal(got, tt.inits) {
				t.Errorf("init functions %q, want %q", got, tt.inits)
			}
		})
	}
}

func TestMeasure_Assigned(t *testing.T) {
	t.Parallel()
	const vars = "package a\n\nimport \"other\"\n\nvar table = []int{1}\nvar made = other.New()\n"
	for _, tt := range []struct {
		name, body string
		want       []string
	}{
		{"read", "_ = table[0]; made.Do()", nil},
		{"assigned", "table = nil", []string{"table"}},
		{"assigned in part", "table[0] = 1; made.X.Y = 2", []string{"table", "made"}},
		{"counted", "table[0]++", []string{"table"}},
		{"ranged into", "for table[0] = range 3 { }", []string{"table"}},
		{"address taken", "_ = &table", nil},
		{"through brackets and a pointer", "(*made) = 1", []string{"made"}},
		{"shadowed", "table := []int{2}; table[0] = 1", nil},
		{"result of a call", "f().x = 1", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := measure(t, map[string]string{
				"vars.go": vars,
				"use.go":  "package a\n\nfunc f() {\n" + tt.body + "\n}\n",
			})
			if got := last(r.Assigned); !slices.Equal(got, tt.want) {
				t.Errorf("assigned %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMeasure_Broken(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{
		"not Go":    tree(t, map[string]string{"a.go": "nonsense"}),
		"no folder": filepath.Join(t.TempDir(), "nosuch"),
	} {
		if _, err := Measure(dir); err == nil {
			t.Errorf("%s: Measure = nil error", name)
		}
	}
}

func TestReport_Breaches(t *testing.T) {
	t.Parallel()
	fine := func() *Report {
		return &Report{
			Functions:  []Size{{"f", 10}, {"g", 10}, {"h", 60}},
			Files:      []Size{{"a", 200}, {"b", 200}, {"c", 900}},
			Interfaces: []Size{{"i", 1}, {"j", 3}, {"k", 9}},
			CodeLines:  100, TestLines: 100,
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*Report)
		want   string
	}{
		{"none", func(*Report) {}, ""},
		{"nothing at all", func(r *Report) { *r = Report{} }, ""},
		{"function median", func(r *Report) { r.Functions[1].N = 11 }, "median lines of a function: 11, want at most 10; largest: h (60) g (11) f (10)"},
		{"longest function", func(r *Report) { r.Functions[2].N = 61 }, "lines of the longest function: 61"},
		{"file median", func(r *Report) { r.Files[0].N, r.Files[1].N = 201, 201 }, "median lines of a file: 201"},
		{"interfaces", func(r *Report) { r.Interfaces[1].N = 4 }, "methods of an interface: 4, want at most 3"},
		{"too little test", func(r *Report) { r.TestLines = 99 }, "99 lines of test for 100 lines of code"},
		{"undocumented", func(r *Report) { r.Undocumented = []string{"a.go:1 F"} }, "exported without a doc comment: a.go:1 F"},
		{"init", func(r *Report) { r.Inits = []string{"a.go:1 init"} }, "init function: a.go:1 init"},
		{"variable", func(r *Report) { r.Assigned = []string{"a.go:1 x"} }, "package variable changed: a.go:1 x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := fine()
			tt.change(r)
			got := strings.Join(r.Breaches(house()), "\n")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("breaches %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReport_String(t *testing.T) {
	t.Parallel()
	r := &Report{Functions: []Size{{"f", 4}, {"g", 6}, {"h", 40}}, Files: []Size{{"a", 50}}, CodeLines: 50, TestLines: 60}
	want := "functions: 3, lines 6/6/40 (median/90%/longest); files: 1, lines 50/50; interfaces: 0, methods 0 (90%); 50 lines of code, 60 of test"
	if got := r.String(); got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
}
