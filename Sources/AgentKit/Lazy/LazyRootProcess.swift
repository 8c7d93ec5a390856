internal import CapsuleFormat
internal import Glibc
internal import PacketIO

/// The process that `LazyRoot` is.
struct LazyRootProcess {
    let generation: CapsuleGeneration
    private let id: pid_t

    /// Starts it, and waits until its devices are there.
    init(_ settings: LazyRootSettings, of generation: CapsuleGeneration) throws(SystemError) {
        let input: [UInt8]
        do throws(JSONError) { input = try JSONBytes.encode(settings) } catch {
            throw SystemError(call: "encode", code: EINVAL, context: "\(error)")
        }
        let program = try SpawnedProgram(
            "/proc/self/exe", in: "/", words: [LazyRootSettings.processName, LazyRootSettings.command],
            environment: [], input: input)
        let line = String(decoding: Self.readLine(program.output), as: UTF8.self)
        guard line == LazyRootSettings.ready else {
            throw SystemError(call: "start", code: ECHILD, context: line)
        }
        self.generation = generation
        id = program.id
    }

    /// Takes its devices away, and waits until they are free.
    func end() {
        kill(id, SIGKILL)
        let limit = BootClock.milliseconds() + 10_000
        while kill(id, 0) == 0, BootClock.milliseconds() < limit { BootClock.sleep(milliseconds: 20) }
    }

    private static func readLine(_ reader: borrowing FileDescriptor) -> [UInt8] {
        var line: [UInt8] = []
        var byte = [UInt8](repeating: 0, count: 1)
        while line.count < 4096 {
            let count = read(reader.raw, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count == 1, byte[0] != 0x0A else { break }
            line.append(byte[0])
        }
        return line
    }
}
