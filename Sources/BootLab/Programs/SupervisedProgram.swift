internal import PacketIO
internal import Subprocess
internal import SystemPackage

extension Program {
    /// Runs the program for as long as `body` works with it, and ends it with SIGTERM, after 5 s with SIGKILL.
    ///
    /// What it prints goes to `transcript`. If it ends first, the body is cancelled and the error has its last lines.
    /// - Parameter keyboard: what it reads; nil: nothing.
    public func running<Result: Sendable>(
        into transcript: Transcript, from keyboard: Keyboard? = nil,
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        guard let keyboard else { return try await run(into: transcript, reading: .none, body) }
        let end = SystemPackage.FileDescriptor(rawValue: keyboard.reader.descriptor.raw)
        return try await run(
            into: transcript, reading: .fileDescriptor(end, closeAfterSpawningProcess: false), body)
    }

    private func run<Result: Sendable>(
        into transcript: Transcript, reading input: some InputProtocol,
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
        let steps = options.teardownSequence
        let ended: ExecutionResult<Ending<Result>, SequenceOutput, CombinedErrorOutput>
        do {
            ended = try await Subprocess.run(
                executable, arguments: Arguments(arguments), platformOptions: options, input: input,
                output: .sequence, error: .combinedWithOutput
            ) { execution in
                let ending = await Self.firstEnding(of: execution.standardOutput, into: transcript, body)
                await execution.teardown(using: steps)
                return ending
            }
        } catch {
            throw startFailure(error)
        }
        transcript.finish()
        switch ended.closureResult {
        case .worked(let result): return result
        case .failed(let error): throw error
        case .outputClosed:
            throw LabError.programEnded(
                program: transcript.source, status: ended.terminationStatus.description, log: transcript.logPath,
                lastLines: transcript.lastLines(12))
        }
    }

    private enum Ending<Result: Sendable>: Sendable {
        case worked(Result)
        case failed(any Error)
        case outputClosed
    }

    private static func firstEnding<Result: Sendable>(
        of output: SubprocessOutputSequence, into transcript: Transcript,
        _ body: @escaping @Sendable () async throws -> Result
    ) async -> Ending<Result> {
        await withTaskGroup(of: Ending<Result>.self) { group in
            group.addTask {
                do {
                    for try await buffer in output {
                        buffer.withUnsafeBytes { transcript.append($0) }
                    }
                } catch {
                    // A pipe that breaks is one that its program closed.
                }
                transcript.finish()
                return .outputClosed
            }
            group.addTask {
                do {
                    return .worked(try await body())
                } catch {
                    return .failed(error)
                }
            }
            defer { group.cancelAll() }
            return await group.next() ?? .outputClosed
        }
    }
}
