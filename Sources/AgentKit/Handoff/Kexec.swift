internal import CLinux
internal import Glibc
package import PacketIO

/// Starts another kernel from this one (kexec_file_load(2)).
package enum Kexec {
    /// A file in memory without a name, for a kernel or an initramfs.
    /// - Parameter base: where the stream begins; what comes before is written by the caller.
    package static func memoryFile(_ name: String, base: Int64 = 0) throws(SystemError) -> StreamFile {
        let raw = try systemCall("memfd_create", name) { perseid_memfd_create(name) }
        return StreamFile(name, owning: FileDescriptor(owning: raw), base: base)
    }

    /// The command line of the next kernel: the capsule's own, and where this machine's messages go. What the boot
    /// script gave this kernel, its token above all, stays out of it.
    package static func commandLine(of capsule: String, console: [String]) -> String {
        let own = KernelCommandLine(capsule)
        // A capsule that names its console knows why.
        let named = Set(own.parameters.map(\.name))
        let added = console.filter { setting in
            !named.contains(String(setting.split(separator: "=", maxSplits: 1).first ?? ""))
        }
        return ([capsule.trimmingBlanks()] + added).filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// Loads the kernel; nothing else changes yet.
    package static func load(
        kernel: StreamFile, initramfs: StreamFile, commandLine: String
    ) throws(HandoffProblem) {
        do throws(SystemError) {
            try systemCall("kexec_file_load", "kernel with '\(commandLine)'") {
                perseid_kexec_file_load(
                    kernel.descriptor.raw, initramfs.descriptor.raw, commandLine, commandLine.utf8.count + 1, 0)
            }
        } catch {
            throw .kexec(error)
        }
    }

    /// Starts the loaded kernel. Returns only by throwing.
    package static func execute() throws(HandoffProblem) {
        sync()
        do throws(SystemError) {
            try systemCall("reboot", "starting the loaded kernel") { perseid_reboot(0x4558_4543) }
        } catch {
            throw .kexec(error)
        }
    }
}
