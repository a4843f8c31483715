package sealed_test

import (
	"testing"

	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/mem"
	"github.com/binglide/binglide/storage/sealed"
	"github.com/binglide/binglide/storage/storagetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(testing.TB) storage.Store { return sealed.New(mem.New()) })
}
