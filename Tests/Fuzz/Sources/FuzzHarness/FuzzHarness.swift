import CAllocator
import Glibc

/// What every fuzz target does around its parser: seeds, time, leaks.
///
/// libFuzzer knows neither an input that takes 10 ms nor, without a slower build, one that leaks. Both are found here,
/// by running such an input again, alone: it is the machine's other work that is slow once.
public enum FuzzHarness {
    /// CPU milliseconds that one input may take, instrumented.
    public static let limitMilliseconds = 10
    /// The same in nanoseconds.
    private static let limit: Int64 = 10_000_000

    nonisolated(unsafe) private static var slowest: Int64 = 0
    /// Datagrams and other events of the inputs so far, of a target that makes several out of one input.
    nonisolated(unsafe) public static var events = 0
    /// Where the slowest input and its time are kept, if anywhere.
    nonisolated(unsafe) private static var report: String?
    /// Whether inputs are only tried for leaks; what a target keeps from input to input must then be left out.
    nonisolated(unsafe) public private(set) static var looksForLeaks = false

    /// Reads the environment, and writes the seeds and exits if that is what is asked for.
    ///
    /// `PERSEID_FUZZ_SEEDS`: a directory for the seeds. `PERSEID_FUZZ_REPORT`: a path for the slowest input.
    /// `PERSEID_FUZZ_LEAKS`: look for leaks.
    public static func start(_ seeds: () -> [[UInt8]]) -> CInt {
        looksForLeaks = getenv("PERSEID_FUZZ_LEAKS") != nil
        report = getenv("PERSEID_FUZZ_REPORT").map { String(cString: $0) }
        atexit { if FuzzHarness.events > 0 { FuzzHarness.say("stat::events: \(FuzzHarness.events)") } }
        guard let directory = getenv("PERSEID_FUZZ_SEEDS") else { return 0 }
        for (number, seed) in seeds().enumerated() { write(seed, to: "\(String(cString: directory))/seed-\(number)") }
        exit(0)
    }

    /// Runs one input.
    public static func run(_ start: UnsafePointer<UInt8>?, _ count: Int, _ body: ([UInt8]) -> Void) -> CInt {
        let bytes = Array(UnsafeBufferPointer(start: start, count: count))
        if looksForLeaks {
            lookForLeak(bytes, body)
            return 0
        }
        let began = nanoseconds(CLOCK_MONOTONIC)
        body(bytes)
        let elapsed = nanoseconds(CLOCK_MONOTONIC) - began
        if elapsed > slowest + slowest / 4 { timeAlone(bytes, body) }
        return 0
    }

    private static func timeAlone(_ bytes: [UInt8], _ body: ([UInt8]) -> Void) {
        var best = Int64.max
        for _ in 0..<5 where best > slowest {
            let began = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
            body(bytes)
            best = min(best, nanoseconds(CLOCK_THREAD_CPUTIME_ID) - began)
        }
        guard best > slowest else { return }
        slowest = best
        if let report {
            write(bytes, to: "\(report).input")
            write(Array("\(best / 1000)\n".utf8), to: report)
        }
        require(best < limit, "an input of \(bytes.count) bytes takes \(best / 1000) µs each time")
    }

    /// An input leaks if every further run of it holds more memory than the one before.
    private static func lookForLeak(_ bytes: [UInt8], _ body: ([UInt8]) -> Void) {
        for _ in 0..<3 { body(bytes) }
        let runs = 16
        var held = perseid_allocated_bytes()
        for _ in 0..<runs {
            body(bytes)
            let now = perseid_allocated_bytes()
            guard now > held else { return }
            held = now
        }
        require(false, "an input of \(bytes.count) bytes leaks memory with every run")
    }

    fileprivate static func say(_ line: String) {
        let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func write(_ bytes: [UInt8], to path: String) {
        guard let file = fopen(path, "w") else { return perror(path) }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }
}

/// Stops the fuzzer with a finding unless `condition` holds: a property that the code has to have.
public func require(_ condition: Bool, _ what: @autoclosure () -> String) {
    guard !condition else { return }
    FuzzHarness.say("perseid: \(what())")
    abort()
}
