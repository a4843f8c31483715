package analysis

// PieceSize is the size in bytes that readers cut chunks into: small enough
// for the caches of one core, large enough to spread the cost of a table.
const PieceSize = 1 << 20

// Piece is a run of bytes of an input that the analyses of a job look at
// together. What several of them need is computed once, on first use.
// A Piece is used by one goroutine at a time, and reused by Reset.
type Piece struct {
	Data   []byte
	Offset int64 // of Data[0] in the input
}

// Reset makes p the piece with the given bytes, keeping its tables for reuse.
func (p *Piece) Reset(data []byte, offset int64) {
	p.Data, p.Offset = data, offset
}
