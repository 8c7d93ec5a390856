internal import Glibc
package import PacketIO

/// What stage 1 leaves in /run for stage 2. The image needs no change for it: /run moves into the new root, systemd
/// honours units there, and another init starts `/run/perseid/perseid-agent stage2` by its own configuration.
package enum StageTwoFiles {
    /// Copies this agent to where stage 2 starts it.
    package static func leaveAgent() throws(SystemError) {
        try SmallFile.makeDirectory(StageTwoSettings.directory)
        let source = try FileDescriptor.open("/proc/self/exe", O_RDONLY)
        let path = StageTwoSettings.agentPath
        _ = unlink(path)
        let target = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, permissions: 0o755)
        // Within the kernel, so that the executable is not in this process's memory too.
        while try systemCall("sendfile", path, { sendfile(target.raw, source.raw, nil, 1 << 30) }) > 0 {}
        try systemCall("fchmod", path) { fchmod(target.raw, 0o755) }
    }

    /// Writes the settings, which root alone can read.
    package static func write(
        _ settings: StageTwoSettings, in directory: String = StageTwoSettings.directory
    ) throws(HandoffProblem) {
        let path = "\(directory)/\(StageTwoSettings.fileName)"
        let bytes: [UInt8]
        do throws(JSONError) {
            bytes = try JSONBytes.encode(settings)
        } catch {
            throw .archive(error.description)
        }
        do throws(SystemError) {
            try SmallFile.makeDirectory(directory)
            try SmallFile.replace(path, with: bytes, permissions: 0o600)
        } catch {
            throw .system("writing \(path)", error)
        }
    }

    /// Has systemd start the agent with multi-user.target. Only for a root with systemd: that /run/systemd exists
    /// is how programs tell that systemd runs (sd_booted(3)).
    package static func addSystemdUnit() throws(SystemError) {
        let units = "/run/systemd/system"
        let wants = "\(units)/multi-user.target.wants"
        try SmallFile.makeDirectory(wants)
        try SmallFile.replace("\(units)/perseid-agent.service", with: Array(StageTwoSettings.systemdUnit.utf8))
        _ = unlink("\(wants)/perseid-agent.service")
        try systemCall("symlink", wants) {
            symlink("../perseid-agent.service", "\(wants)/perseid-agent.service")
        }
    }
}
