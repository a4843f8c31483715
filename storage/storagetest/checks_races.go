package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/binglide/binglide/storage"
)

const racers = 16

// inParallel runs f(0) … f(n-1) at once and returns all errors.
func inParallel(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// checkRaceOther wants one winner among writers of different bytes.
func checkRaceOther(ctx context.Context, s storage.Store) error {
	var winner, winners atomic.Int64
	err := inParallel(racers, func(i int) error {
		err := s.Put(ctx, "race/other", pattern(100_000, uint32(i)))
		if err == nil {
			winner.Store(int64(i))
			winners.Add(1)
			return nil
		}
		return wantErr(err, storage.ErrConflict, "put of racer %d", i)
	})
	if err != nil {
		return err
	}
	if n := winners.Load(); n != 1 {
		return fmt.Errorf("%d of %d racers with different bytes won, want 1", n, racers)
	}
	return holds(ctx, s, "race/other", pattern(100_000, uint32(winner.Load())))
}

// checkRaceSame wants all writers of equal bytes to win.
func checkRaceSame(ctx context.Context, s storage.Store) error {
	data := pattern(100_000, 1)
	if err := inParallel(racers, func(int) error { return s.Put(ctx, "race/same", data) }); err != nil {
		return err
	}
	return holds(ctx, s, "race/same", data)
}

// checkReadersSeeWhole reads an object while it is being put: until that is
// done, and once more.
func checkReadersSeeWhole(ctx context.Context, s storage.Store) error {
	data := pattern(1<<20, 1)
	var done atomic.Bool
	return inParallel(4, func(i int) error {
		if i == 0 {
			defer done.Store(true)
			return s.Put(ctx, "whole", data)
		}
		for last := false; !last; {
			last = done.Load()
			got, err := s.Get(ctx, "whole")
			if errors.Is(err, storage.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if !bytes.Equal(got, data) {
				return fmt.Errorf("get: %d bytes of an object being put, want none or all %d", len(got), len(data))
			}
		}
		return nil
	})
}

// checkCancelled wants every call to end with its context, and to do nothing.
func checkCancelled(ctx context.Context, s storage.Store) error {
	if err := s.Put(ctx, "c", []byte("x")); err != nil {
		return err
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, getErr := s.Get(cancelled, "c")
	_, statErr := s.Stat(cancelled, "c")
	_, listErr := collect(cancelled, s, "")
	err := errors.Join(
		wantErr(getErr, context.Canceled, "get"),
		wantErr(statErr, context.Canceled, "stat"),
		wantErr(listErr, context.Canceled, "list"),
		wantErr(s.GetRange(cancelled, "c", 0, make([]byte, 1)), context.Canceled, "get range"),
		wantErr(s.Put(cancelled, "d", []byte("x")), context.Canceled, "put"),
		wantErr(s.Delete(cancelled, "c"), context.Canceled, "delete"))
	if err != nil {
		return err
	}
	return holds(ctx, s, "c", []byte("x"))
}

// checkKeyErrors checks that errors say what was done to which key.
func checkKeyErrors(ctx context.Context, s storage.Store) error {
	if err := s.Put(ctx, "k", []byte("x")); err != nil {
		return err
	}
	_, getErr := s.Get(ctx, "no/get")
	_, statErr := s.Stat(ctx, "no/stat")
	_, listErr := collect(ctx, s, "../")
	return errors.Join(
		wantKeyError(getErr, "get", "no/get"),
		wantKeyError(s.GetRange(ctx, "no/range", 0, make([]byte, 1)), "get", "no/range"),
		wantKeyError(s.GetRange(ctx, "k", 7, make([]byte, 1)), "get", "k"),
		wantKeyError(statErr, "stat", "no/stat"),
		wantKeyError(listErr, "list", "../"),
		wantKeyError(s.Put(ctx, "k", []byte("y")), "put", "k"),
		wantKeyError(s.Delete(ctx, "../x"), "delete", "../x"))
}

func wantKeyError(err error, op, key string) error {
	var k *storage.KeyError
	if !errors.As(err, &k) || k.Op != op || k.Key != key {
		return fmt.Errorf("%s %s: got error %w, want a *storage.KeyError naming both", op, key, orNone(err))
	}
	return nil
}
