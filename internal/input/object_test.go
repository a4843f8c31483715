package input_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
)

var errBeyond = errors.New("range beyond the end")

// fakeObjects holds one object, of which the ETag is a digest.
type fakeObjects struct {
	mu      sync.Mutex
	data    []byte
	gone    bool
	largest int // of the reads asked for
}

func (f *fakeObjects) overwrite(data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data = data
}

func (f *fakeObjects) Stat(_ context.Context, o job.Object) (job.Object, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.gone {
		return o, 0, storage.WrapKey("stat", o.Key, storage.ErrNotFound)
	}
	o.ETag = job.DigestOf(f.data).String()
	return o, int64(len(f.data)), nil
}

func (f *fakeObjects) ReadAt(ctx context.Context, o job.Object, size, off int64, buf []byte) error {
	now, _, err := f.Stat(ctx, o)
	if err != nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	if now.ETag != o.ETag {
		return fmt.Errorf("%w: the ETag differs", job.ErrInputChanged)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.largest = max(f.largest, len(buf))
	if size != int64(len(f.data)) || copy(buf, f.data[off:]) != len(buf) {
		return errBeyond
	}
	return nil
}

func openObject(t *testing.T, f *fakeObjects) (*job.Input, input.Reader) {
	t.Helper()
	in, err := input.StatObject(t.Context(), f, job.Object{Endpoint: "http://host", Bucket: "b", Key: "dir/disk.img"})
	if err != nil {
		t.Fatal(err)
	}
	rd := open(t, &in, input.Sources{Objects: func(_ context.Context, endpoint string) (input.ObjectReader, error) {
		if endpoint != "http://host" {
			return nil, errors.New("other endpoint")
		}
		return f, nil
	}})
	return &in, rd
}

func TestObject_Scan(t *testing.T) {
	t.Parallel()
	for _, n := range sizes {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			data := content(n)
			in, rd := openObject(t, &fakeObjects{data: data})
			if in.Name != "disk.img" || in.Size != int64(n) || in.Object.ETag == "" {
				t.Errorf("input is %+v", in)
			}
			requireScans(t, rd, data, job.DefaultChunkLevel)
		})
	}
}

func TestObject_ScanInParallel(t *testing.T) {
	t.Parallel()
	data := content(3<<20 + 5)
	_, rd := openObject(t, &fakeObjects{data: data})
	requireConcurrentScans(t, rd, data, small)
}

func TestObject_ScanCancelled(t *testing.T) {
	t.Parallel()
	in, rd := openObject(t, &fakeObjects{data: content(3 << 20)})
	requireCancelled(t, rd, job.Range{Length: in.Size})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(job.ErrCancelled)
	err := rd.Scan(ctx, job.Range{Length: 1}, nil)
	requireError(t, err, job.ErrCancelled)
}

func TestObject_ReadsAreBounded(t *testing.T) {
	t.Parallel()
	f := &fakeObjects{data: make([]byte, 33<<20)}
	in, rd := openObject(t, f)
	requireScans(t, rd, f.data, 4)
	if f.largest > 16<<20 {
		t.Errorf("%d of %d bytes were asked for at once", f.largest, in.Size)
	}
}

func TestObject_OverwrittenInScan(t *testing.T) {
	t.Parallel()
	f := &fakeObjects{data: content(17 << 20)}
	in, rd := openObject(t, f)
	err := rd.Scan(t.Context(), job.Range{Length: in.Size}, func([]byte, int64) error {
		f.overwrite(make([]byte, in.Size))
		return nil
	})
	requireError(t, err, job.ErrInputChanged, "s3://b/dir/disk.img", "byte 16777216", "submit it again")
}

func TestObject_Gone(t *testing.T) {
	t.Parallel()
	f := &fakeObjects{data: content(10)}
	_, rd := openObject(t, f)
	f.gone = true
	_, err := scan(t, rd, job.Range{Length: 10})
	requireError(t, err, job.ErrInputChanged, "s3://b/dir/disk.img", "gone")
	_, err = input.StatObject(t.Context(), f, job.Object{Bucket: "b", Key: "k"})
	requireError(t, err, storage.ErrNotFound, "s3://b/k")
}

func TestObject_ReadFails(t *testing.T) {
	t.Parallel()
	f := &fakeObjects{data: content(10)}
	in := job.Input{Name: "k", Size: 20, Object: &job.Object{Bucket: "b", Key: "k", ETag: job.DigestOf(f.data).String()}}
	rd := open(t, &in, input.Sources{Objects: func(context.Context, string) (input.ObjectReader, error) { return f, nil }})
	_, err := scan(t, rd, job.Range{Length: 20})
	requireError(t, err, errBeyond, "s3://b/k", "byte 0")
	if job.IsPermanent(err) {
		t.Errorf("%v is permanent", err)
	}
	_, err = scan(t, rd, job.Range{Length: 21})
	requireError(t, err, job.ErrInvalid)
}

func TestOpen_EndpointFails(t *testing.T) {
	t.Parallel()
	fault := errors.New("no credentials")
	in := job.Input{Name: "k", Object: &job.Object{Bucket: "b", Key: "k"}}
	_, err := input.Open(t.Context(), &in, input.Sources{Objects: func(context.Context, string) (input.ObjectReader, error) {
		return nil, fault
	}})
	requireError(t, err, fault, "s3://b/k")
}
