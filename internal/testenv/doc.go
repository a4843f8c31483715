// Package testenv starts the servers that tests run against: Redis, MinIO, and
// VersityGW as a second S3 server. They run as containers where a Docker
// engine answers, else as processes; tests see no difference.
//
// # The shared services
//
// The command e2e/services starts one of each, tells the command it runs about
// them in the environment, and removes them afterwards:
//
//	go run ./e2e/services -- go test -race ./...
//
// A test asks for an endpoint by the name of its variable, and is skipped, or
// failed where BINGLIDE_TEST_REQUIRED is 1, if there is none:
//
//	endpoint := testenv.Need(t, testenv.EnvS3) // http://127.0.0.1:PORT
//
// Packages are tested in parallel against the same servers. So a test uses a
// bucket and a Redis key prefix of its own, and never harms a shared server.
//
// # A server of one's own
//
// A test that flushes, kills, pauses or restarts a server starts its own,
// which is gone when the test ends:
//
//	redis := testenv.New(t, testenv.Redis)
//	client := connect(redis.URL()) // FLUSHALL goes through a client
//	redis.Kill(ctx)                // kill -9; connections are reset
//	redis.Restart(ctx)             // back at the same address, with its data
//	redis.Pause(ctx)               // accepts connections, answers nothing
//	redis.Resume(ctx)
//
// All of them return when the change has happened; Restart returns when the
// server answers. Redis writes its log as in production, so what it loses in a
// kill is at most the last second.
package testenv
