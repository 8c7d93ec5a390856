internal import BootMachine
internal import CapsuleFormat
internal import Glibc
internal import PacketIO

extension StageOne {
    /// Makes the root at `RootAssembly.newRoot` as the manifest says.
    mutating func makeRoot(_ contents: CapsuleContents) throws(StepFailure) {
        guard let images = assembly else { return }
        do throws(RootProblem) {
            let recipe = try RootRecipe(contents.manifest)
            // With its own dependencies, and only where it is wanted.
            if recipe.image == .erofs { modules.load(named: recipe.image.rawValue) }
            if lazyRoot?.generation == contents.generation {
                try RootAssembly.mountLayers(
                    root: .device(NBDDevice.path(of: 0)), as: recipe.image,
                    modules: images.modules.map { _ in .device(NBDDevice.path(of: 1)) })
            } else {
                try RootAssembly.mountLayers(
                    root: .file(images.root), as: recipe.image, modules: images.modules.map { .file($0) })
            }
            switch recipe.mode {
            case .overlay, .lazy: try RootAssembly.joinLayers()
            case .tmpfs: try unpack(contents)
            }
        } catch {
            throw StepFailure(.root, error)
        }
    }

    /// Copies everything into a tmpfs and lets the images go.
    private mutating func unpack(_ contents: CapsuleContents) throws(RootProblem) {
        let start = BootClock.milliseconds()
        session.report(AgentReport(kind: .progress, detail: "unpacking \(contents.generation)"), transient: true)
        let tally = try RootAssembly.unpackLayers()
        memory.sample()
        // Its files are open in it, and a file lives as long as it is open. Another try fetches them again.
        assembly = nil
        try RootAssembly.releaseImages()
        var text =
            "unpacked \(contents.generation) into memory: \(tally.entries) entries, \(megabytes(tally.bytes)) in"
            + " \(seconds(BootClock.milliseconds() - start)), \(PeakMemory.text(memory.peak))"
        if tally.attributesLeftOut > 0 {
            text += "; \(tally.attributesLeftOut) attributes user.* left out, this kernel's tmpfs keeps none"
        }
        console.line(text)
        session.report(AgentReport(kind: .progress, percent: 100, detail: text))
    }

    /// Runs the scripts of the stage `handoff` in the root that was made, with the kernel's file systems in it.
    mutating func runHandoffScripts(
        _ contents: CapsuleContents, own: NodeLayer, nodeName: String, in root: String = RootAssembly.newRoot
    ) throws(StepFailure) {
        try runScripts(
            ScriptRun.scripts(of: contents.manifest.settings, own: own, at: .handoff),
            by: ScriptRun(nodeName: nodeName, capsule: "\(contents.generation)", root: root))
    }

    /// Runs scripts in a root, with the kernel's file systems in it.
    mutating func runScripts(_ scripts: [NodeScript], by run: ScriptRun) throws(StepFailure) {
        guard !scripts.isEmpty else { return }
        // Ignored, the kernel would take the scripts' status away (waitpid(2)).
        let before = signal(SIGCHLD, SIG_DFL)
        defer {
            FileSystems.hideKernelInterfaces(in: run.root)
            // Orphans that ended meanwhile.
            while waitpid(-1, nil, WNOHANG) > 0 {}
            signal(SIGCHLD, before)
        }
        do throws(SystemError) {
            try FileSystems.showKernelInterfaces(in: run.root)
        } catch {
            throw StepFailure(.root, error)
        }
        do throws(ScriptProblem) {
            for script in scripts { try session.run(script, by: run) }
        } catch {
            throw StepFailure(.script, error)
        }
    }
}

extension AgentSession {
    /// Runs a node script and tells of its beginning and its end.
    mutating func run(_ script: NodeScript, by run: ScriptRun) throws(ScriptProblem) {
        let name = "script \(script.stage.rawValue)/\(script.name)"
        say("\(name) begins")
        let outcome = try run.run(script)
        say(
            "\(name) ended with status 0 after \(seconds(outcome.milliseconds))"
                + (outcome.lastLines.isEmpty ? "" : "; its last lines: \(outcome.lastLines)"))
    }

    private mutating func say(_ text: String) {
        console.line(text)
        report(AgentReport(kind: .progress, detail: text))
    }
}
