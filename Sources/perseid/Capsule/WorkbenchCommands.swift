import ArgumentParser
import CapsuleFormat
import CapsuleStore
import Foundation

struct CapsuleClone: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clone", abstract: "Makes a generation of another capsule that has all of this one.",
        discussion: """
            It takes no room: both have the same chunks. The copy is signed with this server's key.

            Example: perseid capsule clone compute@12 login
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "NAME@GENERATION, NAME:CHANNEL or NAME.")
    var capsule: String
    @Argument(help: "Name of the other capsule.")
    var name: String
    @Option(help: "Channel that points at the copy; `none` moves none.")
    var channel = CapsuleReference.defaultChannel

    func validate() throws {
        _ = try CapsuleReference.validated(capsule)
        _ = try CapsuleName.validated(name)
        if channel != "none" { _ = try CapsuleName.validatedChannel(channel) }
    }

    func run() async throws {
        let store = try state.open().openCapsules()
        let generation = try store.resolve(CapsuleReference.validated(capsule))
        let copy = try await store.clone(
            generation, as: CapsuleName.validated(name), channel: channel == "none" ? nil : CapsuleName(channel))
        print("\(copy): all of \(generation)")
    }
}

struct CapsuleMount: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount", abstract: "Shows a generation's root as a directory, read-only.",
        discussion: "Needs root. `perseid capsule unmount DIRECTORY` ends it.")

    @OptionGroup var state: StateOption
    @Argument(help: "NAME@GENERATION, NAME:CHANNEL or NAME.")
    var capsule: String
    @Argument(help: "An empty directory.")
    var directory: String

    func run() async throws {
        let store = try state.open().openCapsules()
        let generation = try store.resolve(CapsuleReference.validated(capsule))
        try await CapsuleWorkbench(store: store).mount(generation, at: directory)
        print("\(generation) is at \(directory), read-only")
    }
}

struct CapsuleUnmount: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount", abstract: "Ends the view that `mount` made.")

    @OptionGroup var state: StateOption
    @Argument(help: "The directory.")
    var directory: String

    func run() async throws {
        try await CapsuleWorkbench(store: state.open().openCapsules()).unmount(directory)
    }
}

struct CapsuleExec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Runs a command in a throw-away copy of a generation.",
        discussion: """
            Needs root. The command sees the copy as its root and none of the host's processes; what it changes is gone \
            when it ends. The exit status is the command's.

            Example: perseid capsule exec compute -- dpkg -l
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "NAME@GENERATION, NAME:CHANNEL or NAME.")
    var capsule: String
    @Argument(parsing: .postTerminator, help: "The command; a shell, if left out.")
    var command: [String] = []

    func run() async throws {
        let store = try state.open().openCapsules()
        let bench = CapsuleWorkbench(store: store)
        let copy = try await bench.copy(store.resolve(CapsuleReference.validated(capsule)))
        let status = try Workbench.run(bench.command(in: copy, command))
        try await bench.discard(copy)
        guard status == 0 else { throw ExitCode(status) }
    }
}

struct CapsuleEdit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Changes a copy of a generation by hand; closing it makes a new one.",
        discussion: """
            Needs root. A shell, or the command that is given, runs in the copy. If it ends with status 0 and anything was \
            changed, the next generation is built of it; else nothing is kept. What was done by hand is in no \
            capsule.yaml: the next build of that loses it.

            Example: perseid capsule edit compute -- sh -c 'echo hello > /etc/motd'
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "NAME@GENERATION, NAME:CHANNEL or NAME.")
    var capsule: String
    @Option(help: "Channel that points at the new generation; `none` moves none.")
    var channel = CapsuleReference.defaultChannel
    @Argument(parsing: .postTerminator, help: "The command; a shell, if left out.")
    var command: [String] = []

    func run() async throws {
        let store = try state.open().openCapsules()
        let bench = CapsuleWorkbench(store: store)
        let generation = try store.resolve(CapsuleReference.validated(capsule))
        let copy = try await bench.copy(generation)
        let status = try Workbench.run(bench.command(in: copy, command))
        guard status == 0 else {
            try await bench.discard(copy)
            say("the command ended with status \(status): nothing is kept")
            throw ExitCode(status)
        }
        let progress = ProgressLine()
        let options = CapsuleBuildOptions(channel: channel == "none" ? nil : CapsuleName(channel))
        let built = try await bench.publish(copy, as: generation.name, options: options) { progress.show($0) }
        progress.end()
        try await bench.discard(copy)
        print(built?.summary ?? "nothing was changed; no generation was made")
    }
}

/// Runs what a person sits at: with the terminal as it is.
enum Workbench {
    /// - Returns: the exit status; 128 and the signal's number where one ended it.
    static func run(_ arguments: [String]) throws -> Int32 {
        let words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        // What is typed to end the command is not to end us as well.
        let interrupt = signal(SIGINT, SIG_IGN)
        let quit = signal(SIGQUIT, SIG_IGN)
        defer {
            signal(SIGINT, interrupt)
            signal(SIGQUIT, quit)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var restored = sigset_t()
        sigemptyset(&restored)
        sigaddset(&restored, SIGINT)
        sigaddset(&restored, SIGQUIT)
        posix_spawnattr_setsigdefault(&attributes, &restored)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var process: pid_t = 0
        let failure = posix_spawnp(&process, arguments.first ?? "", nil, &attributes, words, environ)
        guard failure == 0 else {
            throw ValidationError("cannot run \(arguments.first ?? ""): \(String(cString: strerror(failure)))")
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let ending = status & 0x7F
        return ending == 0 ? (status >> 8) & 0xFF : 128 + ending
    }
}
