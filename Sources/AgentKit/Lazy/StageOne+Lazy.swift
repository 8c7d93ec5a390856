internal import BootMachine
internal import CapsuleFormat
internal import PacketIO

extension StageOne {
    /// Starts the process that brings the images; the root can be mounted then, and reads wait for what they read.
    /// Where that cannot be, for want of `nbd` or of a device, all is fetched first as ever.
    /// - Returns: whether it runs.
    mutating func startLazily(_ contents: CapsuleContents, _ plan: Plan) -> Bool {
        if let lazyRoot {
            if lazyRoot.generation == contents.generation { return true }
            lazyRoot.end()
            self.lazyRoot = nil
        }
        modules.load(named: "nbd")
        let text: String
        do throws(SystemError) {
            try LeftImages.leave(contents.head, keys: trusted)
            let next = LazyRootSettings(
                capsule: "\(contents.generation)", servers: settings.servers, sources: sources(plan),
                token: session.api.token, bytesPerSecond: plan.bytesPerSecond, trace: trace(of: contents))
            lazyRoot = try LazyRootProcess(next, of: contents.generation)
            text =
                "\(contents.generation) is fetched while it runs"
                + (next.trace.isEmpty ? "" : ", \(next.trace.count) chunks first that a boot reads first")
        } catch {
            console.line("\(contents.generation) is fetched before it runs: \(error)")
            return false
        }
        console.line(text)
        session.report(AgentReport(kind: .progress, detail: text))
        return true
    }

    /// Without one the boot is slower, and no worse.
    private mutating func trace(of contents: CapsuleContents) -> [Int] {
        do throws(NodeAPIError) {
            return try session.api.trace(of: "\(contents.generation)")
        } catch {
            console.line("\(error)")
            return []
        }
    }
}
