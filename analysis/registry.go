package analysis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/binglide/binglide/job"
)

// Registry is the analyses that a process can run. Nothing registers itself:
// whoever builds the process lists them. It is immutable.
type Registry struct{ byName map[string]Analysis }

// NewRegistry returns a registry of the given analyses. Two of one name are a
// programmer's error.
func NewRegistry(all ...Analysis) *Registry {
	r := &Registry{make(map[string]Analysis, len(all))}
	for _, a := range all {
		name := a.ID().Name
		if r.byName[name] != nil {
			panic("analysis: two analyses named " + name)
		}
		r.byName[name] = a
	}
	return r
}

// Names lists the analyses by name.
func (r *Registry) Names() []string {
	names := make([]string, 0, len(r.byName))
	for n := range r.byName {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Named returns the analysis of that name, or job.ErrUnknownAnalysis with the
// names there are.
func (r *Registry) Named(name string) (Analysis, error) {
	a, ok := r.byName[name]
	if !ok {
		return nil, fmt.Errorf("%w %q: have %s", job.ErrUnknownAnalysis, name, strings.Join(r.Names(), ", "))
	}
	return a, nil
}

// Lookup returns the analysis with exactly that ID, or job.ErrUnknownAnalysis
// where this process has none or another version of it.
func (r *Registry) Lookup(id job.AnalysisID) (Analysis, error) {
	a, err := r.Named(id.Name)
	if err != nil {
		return nil, err
	}
	if have := a.ID(); have != id {
		return nil, fmt.Errorf("%w %s: this binglide has %s", job.ErrUnknownAnalysis, id, have)
	}
	return a, nil
}
