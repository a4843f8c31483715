package storagetest

import (
	"context"
	"iter"
	"sync"

	"github.com/binglide/binglide/storage"
)

// Op names a method of [storage.Store].
type Op string

// The operations.
const (
	Get      Op = "get"
	GetRange Op = "get range"
	Put      Op = "put"
	Stat     Op = "stat"
	List     Op = "list"
	Delete   Op = "delete"
)

// Call is one call of a store's method; for List, Key is the prefix.
type Call struct {
	Op  Op
	Key string
}

// Fault says how a call fails. The zero value lets it be.
type Fault struct {
	// Rejected, if set, is returned in place of the call.
	Rejected error
	// Lost, if set, is returned after the call was applied, in place of what
	// the call returned.
	Lost error
}

// Hook decides how a call fails. Calls may come from several goroutines.
type Hook func(Call) Fault

// NthFault returns a hook that gives f to the nth call of op, counted from 1,
// and lets all other calls be.
func NthFault(op Op, n int, f Fault) Hook {
	var mu sync.Mutex
	seen := 0
	return func(c Call) Fault {
		if c.Op != op {
			return Fault{}
		}
		mu.Lock()
		defer mu.Unlock()
		if seen++; seen == n {
			return f
		}
		return Fault{}
	}
}

// WithFault returns a store that asks hook how each call fails. Errors of
// faults are wrapped in *storage.KeyError, as the contract has it.
func WithFault(inner storage.Store, hook Hook) storage.Store { return &faulty{inner, hook} }

type faulty struct {
	inner storage.Store
	hook  Hook
}

func (f *faulty) do(op Op, key string, call func() error) error {
	fault := f.hook(Call{op, key})
	if fault.Rejected != nil {
		return storage.WrapKey(keyErrorOp(op), key, fault.Rejected)
	}
	err := call()
	if fault.Lost != nil {
		return storage.WrapKey(keyErrorOp(op), key, fault.Lost)
	}
	return err
}

func keyErrorOp(op Op) string {
	if op == GetRange {
		return string(Get)
	}
	return string(op)
}

func (f *faulty) Get(ctx context.Context, key string) (data []byte, err error) {
	err = f.do(Get, key, func() (err error) {
		data, err = f.inner.Get(ctx, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

func (f *faulty) GetRange(ctx context.Context, key string, offset int64, buf []byte) error {
	return f.do(GetRange, key, func() error { return f.inner.GetRange(ctx, key, offset, buf) })
}

func (f *faulty) Put(ctx context.Context, key string, data []byte) error {
	return f.do(Put, key, func() error { return f.inner.Put(ctx, key, data) })
}

func (f *faulty) Stat(ctx context.Context, key string) (info storage.Info, err error) {
	err = f.do(Stat, key, func() (err error) {
		info, err = f.inner.Stat(ctx, key)
		return err
	})
	if err != nil {
		return storage.Info{}, err
	}
	return info, nil
}

func (f *faulty) Delete(ctx context.Context, key string) error {
	return f.do(Delete, key, func() error { return f.inner.Delete(ctx, key) })
}

// List fails before the first object if rejected, and after the last if lost.
func (f *faulty) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		stopped := false
		err := f.do(List, prefix, func() error {
			for info, err := range f.inner.List(ctx, prefix) {
				if err != nil {
					return err
				}
				if stopped = !yield(info, nil); stopped {
					return nil
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(storage.Info{}, err)
		}
	}
}
