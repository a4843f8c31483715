package cli

import "github.com/urfave/cli/v2"

// settingFlag returns the flag of a setting, with its variable in the help.
func settingFlag(key, arg, usage string) cli.Flag {
	s := settingNamed(key)
	return &cli.StringFlag{Name: s.flag(), Usage: usage + " [$" + s.env + "]", DefaultText: arg}
}

func storeFlag() cli.Flag {
	return settingFlag("store", "the user's cache folder", "`URL` of the store: file:///folder or s3://bucket/prefix?endpoint=http://host:9000")
}

func redisFlag() cli.Flag {
	return settingFlag("redis", "none", "`URL` of Redis, such as redis://host:6379/0, or rediss:// for TLS; the password comes by BINGLIDE_REDIS_PASSWORD")
}

func chunkFlag() cli.Flag {
	return settingFlag("chunk", "16MiB", "`SIZE` of chunks: 64KiB, 1MiB, 16MiB or 256MiB")
}

func workersFlag() cli.Flag {
	return settingFlag("workers", "one for each processor", "`NUMBER` of chunks at a time")
}

func analysisFlag(def string) cli.Flag {
	return settingFlag("analysis", def, "`NAMES` of analyses, with commas between them")
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print one JSON object per line, and nothing else, on standard output"}
}

// sizeFlag returns a flag that sizeOf reads.
func sizeFlag(name, usage string) cli.Flag {
	return &cli.StringFlag{Name: name, Usage: usage + ", such as 4096, 0x1000 or 64KiB"}
}

// sizeOf returns the bytes a sizeFlag is set to, and whether it is set.
func sizeOf(c *cli.Context, name string) (n int64, set bool, err error) {
	if !c.IsSet(name) {
		return 0, false, nil
	}
	n, err = parseSize("--"+name, c.String(name))
	return n, true, err
}
