internal import BootMachine
internal import CapsuleFormat
internal import Glibc
internal import PacketIO
internal import Synchronization

/// The process that brings a root's images while the machine runs from them. It is started by stage 1, outlives it, and
/// serves the images' block devices for as long as the machine is on.
package struct LazyRoot: ~Copyable {
    private let settings: LazyRootSettings
    private let contents: CapsuleContents
    private let console: Console
    private let images: Images
    private var session: AgentSession

    /// Short requests: the first thing that is read must not wait for much else.
    private static let planner = FetchPlanner(maximumLength: 512 << 10)
    /// Between tries after the transfer was given up, in milliseconds.
    private static let pause: Int64 = 10_000

    /// Runs as `perseid-agent serve-root`.
    package static func run() -> Never {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGTERM, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        // Without it the machine has no root.
        if let file = try? FileDescriptor.open("/proc/self/oom_score_adj", O_WRONLY) {
            try? file.writeAll(Array("-1000".utf8).span.bytes)
        }
        do throws(StepFailure) {
            var root = try LazyRoot()
            root.serve()
        } catch {
            print("\(error)")
            exit(EX_UNAVAILABLE)
        }
        exit(EX_OK)
    }

    /// The images, on block devices that nobody asks yet.
    private struct Images {
        var servers: [ImageServer] = []
        let transfer: CapsuleTransfer
    }

    private init() throws(StepFailure) {
        let console = Self.openConsole()
        let settings = try Self.readSettings()
        let contents = try Self.readContents(settings)
        let images: Images
        do throws(SystemError) {
            images = try Self.openImages(of: contents, settings, console)
        } catch {
            throw StepFailure(.root, error)
        }
        self.console = console
        self.settings = settings
        self.contents = contents
        self.images = images
        session = AgentSession(api: NodeAPI(servers: settings.servers, token: settings.token), console: console)
    }

    private static func openImages(
        of contents: CapsuleContents, _ settings: LazyRootSettings, _ console: Console
    ) throws(SystemError) -> Images {
        let streams = LazyRootSettings.roles.compactMap { ChunkedStream($0, of: contents.index) }
        var files: [StreamFile] = []
        for stream in streams { files.append(try RootAssembly.existingImageFile(stream.role.rawValue)) }
        let arrivals = Arrivals()
        let transfer = CapsuleTransfer(
            streams, into: files, pace: TransferPace(bytesPerSecond: settings.bytesPerSecond), planner: planner,
            order: [settings.trace]
        ) { arrivals.tell() }
        try transfer.resume()
        var images = Images(transfer: transfer)
        for (number, stream) in streams.enumerated() {
            let device = try NBDDevice(number: number, size: stream.size)
            images.servers.append(ImageServer(stream, number: number, in: files[number], on: device))
        }
        arrivals.listen { [servers = images.servers] in
            for server in servers {
                do throws(SystemError) { try server.answerWaiting(transfer) } catch { console.line("\(error)") }
            }
        }
        return images
    }

    /// Whoever is told of chunks; it is there later than the transfer.
    private final class Arrivals: Sendable {
        private let listener = Mutex<(@Sendable () -> Void)?>(nil)

        func listen(_ body: @escaping @Sendable () -> Void) { listener.withLock { $0 = body } }

        func tell() { listener.withLock { $0 }?() }
    }

    /// The kernel's own, as the pipe to stage 1 ends with it.
    private static func openConsole() -> Console {
        let console = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC)
        if console >= 0 { dup2(console, STDERR_FILENO) }
        return Console()
    }

    private static func readSettings() throws(StepFailure) -> LazyRootSettings {
        do {
            let bytes = try FileDescriptor(owning: dup(STDIN_FILENO)).readAll(limit: 16 << 20)
            return try JSONBytes.decode(LazyRootSettings.self, from: bytes)
        } catch {
            throw StepFailure(
                .settings, error as? SystemError ?? SystemError(call: "read", code: EINVAL, context: "\(error)"))
        }
    }

    private static func readContents(_ settings: LazyRootSettings) throws(StepFailure) -> CapsuleContents {
        do throws(CapsuleProblem) {
            guard let generation = CapsuleGeneration(settings.capsule),
                let head = CapsuleHead.handedOver(in: LeftImages.head)
            else { throw .badName(settings.capsule) }
            return try CapsuleContents(generation, head, trusting: TrustedKeyring.read(from: LeftImages.trusted).keys)
        } catch {
            throw StepFailure(.capsule, error)
        }
    }

    private mutating func serve() {
        var threads: [LoopThread] = []
        do throws(SystemError) {
            for server in images.servers {
                threads.append(
                    try LoopThread(name: "answer", waker: try Waker()) { [console, transfer = images.transfer] in
                        do throws(SystemError) { try server.run(transfer) } catch { console.line("\(error)") }
                    })
            }
        } catch {
            print("\(error)")
            exit(EX_OSERR)
        }
        tell(LazyRootSettings.ready)
        bring()
        for thread in threads { thread.join() }
    }

    /// Tells stage 1, which reads a line; where it went away there is nobody to tell.
    private func tell(_ line: String) {
        _ = Array("\(line)\n".utf8).withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }

    /// Fetches all of it, however often that breaks: the machine has no other root.
    private mutating func bring() {
        let start = BootClock.milliseconds()
        let memory = MemoryWatch()
        while true {
            do throws(TransferFailure) {
                var lastPercent = -1
                try images.transfer.run(from: settings.sources, token: settings.token, memory: memory) {
                    progress, events in
                    for event in events { session.tell(event) }
                    guard progress.percent != lastPercent else { return session.flush() }
                    lastPercent = progress.percent
                    session.report(
                        AgentReport(
                            kind: .progress, bytes: progress.presentBytes, percent: progress.percent,
                            detail: "fetching \(contents.generation) behind the running system:"
                                + " \(megabytes(progress.presentBytes)) of \(megabytes(progress.totalBytes))"),
                        transient: true)
                }
                break
            } catch {
                console.line("the root's image is not whole yet: \(error); trying again in \(seconds(Self.pause))")
                BootClock.sleep(milliseconds: Self.pause)
            }
        }
        let taken = BootClock.milliseconds() - start
        let text =
            "all of \(contents.generation) is there: \(megabytes(images.transfer.progress.totalBytes)) in"
            + " \(seconds(taken))"
        console.line(text)
        session.report(
            AgentReport(
                kind: .progress, bytes: images.transfer.progress.totalBytes, milliseconds: taken, percent: 100,
                detail: text))
        session.deliver(within: 60_000)
        tellTrace(after: start + Self.traceTime - BootClock.milliseconds())
    }

    /// How long a boot may take, in milliseconds: what is read by then comes first at the next one.
    private static let traceTime: Int64 = 60_000

    /// Tells the order of this boot, unless it had one.
    private mutating func tellTrace(after pause: Int64) {
        guard settings.trace.isEmpty, let server = images.servers.first else { return }
        BootClock.sleep(milliseconds: max(0, pause))
        do throws(NodeAPIError) {
            try session.api.tell(BootTrace(capsule: settings.capsule, chunks: server.trace))
        } catch {
            console.line("what this boot read first was not told: \(error)")
        }
    }
}
