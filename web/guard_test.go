package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestDashboard_OtherSites(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, site string
		writable   bool
		want       int
	}{
		{"a tool", "", true, http.StatusNoContent},
		{"the dashboard's own page", "same-origin", true, http.StatusNoContent},
		{"another site", "cross-site", true, http.StatusForbidden},
		{"read-only", "same-origin", false, http.StatusMethodNotAllowed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/api/queues/map:pause", nil)
			if tt.site != "" {
				r.Header.Set("Sec-Fetch-Site", tt.site)
			}
			w := httptest.NewRecorder()
			dashboard(t, tt.writable).ServeHTTP(w, r)
			if w.Code != tt.want || w.Header().Get("X-Frame-Options") != "DENY" {
				t.Errorf("%d, %s, want %d", w.Code, w.Body, tt.want)
			}
		})
	}
}
