package s3

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/binglide/binglide/storage"
)

// overwrite puts an object as its owner would, whatever is there.
func overwrite(t *testing.T, s *Store, object, data string) {
	t.Helper()
	_, err := s.conn.core.Client.PutObject(t.Context(), s.conn.config.Bucket, object, strings.NewReader(data), int64(len(data)), minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func look(t *testing.T, o *Objects, bucket, object string) ObjectInfo {
	t.Helper()
	info, err := o.Stat(t.Context(), bucket, object, "")
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestObjects_Pinned(t *testing.T) {
	t.Parallel()
	s := openStore(t, server(t, "BINGLIDE_TEST_S3"))
	o, bucket, object := s.Objects(), s.conn.config.Bucket, "Some Folder/disk image.img"
	overwrite(t, s, object, "0123456789")
	info := look(t, o, bucket, object)
	if info.Version != "" || info.ETag == "" || info.Size != 10 || info.Key != object || info.Bucket != bucket {
		t.Errorf("got %+v", info)
	}
	buf := make([]byte, 4)
	if err := o.ReadAt(t.Context(), info, 3, buf); err != nil || string(buf) != "3456" {
		t.Errorf("read %q, %v", buf, err)
	}
	overwrite(t, s, object, "abcdefghij")
	if err := o.ReadAt(t.Context(), info, 3, buf); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), object) {
		t.Errorf("overwritten: got %v", err)
	}
	if err := s.conn.core.RemoveObject(t.Context(), bucket, object, minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := o.ReadAt(t.Context(), info, 3, buf); !errors.Is(err, ErrChanged) {
		t.Errorf("deleted: got %v", err)
	}
	if _, err := o.Stat(t.Context(), bucket, object, ""); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("stat: got %v", err)
	}
}

func TestObjects_Versioned(t *testing.T) {
	t.Parallel()
	s := openStore(t, server(t, "BINGLIDE_TEST_S3"))
	o, bucket := s.Objects(), s.conn.config.Bucket
	if err := s.conn.core.EnableVersioning(t.Context(), bucket); err != nil {
		t.Fatal(err)
	}
	overwrite(t, s, "object", "old bytes")
	old := look(t, o, bucket, "object")
	overwrite(t, s, "object", "new bytes!")
	if now := look(t, o, bucket, "object"); now.Version == old.Version || old.Version == "" || now.Size != 10 {
		t.Errorf("old %+v, new %+v", old, now)
	}
	buf := make([]byte, 3)
	if err := o.ReadAt(t.Context(), old, 0, buf); err != nil || string(buf) != "old" {
		t.Errorf("old version: read %q, %v", buf, err)
	}
	if again, err := o.Stat(t.Context(), bucket, "object", old.Version); err != nil || again != old {
		t.Errorf("stat of the old version: got %+v, %v; want %+v", again, err, old)
	}
	if err := s.conn.core.RemoveObject(t.Context(), bucket, "object", minio.RemoveObjectOptions{VersionID: old.Version}); err != nil {
		t.Fatal(err)
	}
	if err := o.ReadAt(t.Context(), old, 0, buf); !errors.Is(err, ErrChanged) {
		t.Errorf("version deleted: got %v", err)
	}
}

func TestObjects_Ranges(t *testing.T) {
	t.Parallel()
	f := &fake{}
	s := f.start(t)
	f.objects["/bucket/object"] = payload()
	o := s.Objects()
	info := look(t, o, "bucket", "object")
	for _, c := range []struct {
		offset int64
		length int
		want   error
	}{
		{0, 1 << 20, nil}, {1, 5, nil}, {1<<20 - 1, 1, nil}, {7, 0, nil},
		{1 << 20, 1, storage.ErrCorrupt}, {1<<20 - 1, 2, storage.ErrCorrupt}, {-1, 1, storage.ErrCorrupt}, {1<<63 - 1, 1, storage.ErrCorrupt},
	} {
		buf := make([]byte, c.length)
		err := o.ReadAt(t.Context(), info, c.offset, buf)
		if !errors.Is(err, c.want) {
			t.Errorf("%d bytes at %d: got %v, want %v", c.length, c.offset, err, c.want)
		}
		if c.want == nil && !bytes.Equal(buf, payload()[c.offset:c.offset+int64(c.length)]) {
			t.Errorf("%d bytes at %d: not those of the object", c.length, c.offset)
		}
	}
}

func TestOpenObjects(t *testing.T) {
	t.Parallel()
	l := listen(t)
	l.Close()
	endpoint := "http://" + l.Addr().String()
	o, err := OpenObjects(t.Context(), Config{Endpoint: endpoint, AccessKey: "key", SecretKey: "hush"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Stat(t.Context(), "bucket", "object", ""); !errors.Is(err, storage.ErrUnreachable) || !strings.Contains(err.Error(), endpoint) {
		t.Errorf("stat: got %v", err)
	}
	if _, err := o.Stat(t.Context(), "B", "object", ""); err == nil || errors.Is(err, storage.ErrUnreachable) {
		t.Errorf("bad bucket: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := OpenObjects(ctx, Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}
