BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(TrustChain.Benchmarks.TelemetryBenchmarks).Assembly).Run(args);
