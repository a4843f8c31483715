package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/live" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"good", []string{server.URL + "/live"}, 0, ""},
		{"bad", []string{server.URL + "/other"}, 1, "503"},
		{"nobody", []string{closed.URL}, 1, "refused"},
		{"no URL", []string{"http://a b"}, 1, "read the URL"},
		{"no argument", nil, 2, "usage"},
		{"two arguments", []string{"a", "b"}, 2, "usage"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var errs strings.Builder
			if code := run(t.Context(), tt.args, &errs); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if !strings.Contains(errs.String(), tt.says) || (tt.says == "") != (errs.String() == "") {
				t.Errorf("said %q, want %q", errs.String(), tt.says)
			}
		})
	}
}
