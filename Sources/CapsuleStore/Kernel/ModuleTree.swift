/// Copies of a kernel's module tree that we may change.
enum ModuleTree {
    /// Names in `lib/modules/RELEASE` that no node gets: links to the kernel's headers and the kernel itself.
    static let leftOut = ["build", "source", "vmlinuz"]

    /// Copies the whole tree to `directory/lib/modules/RELEASE` and completes it: no links to the kernel's headers,
    /// which are on the build machine if anywhere, and `modules.dep` and its kin where the package left them to its
    /// installation.
    static func stage(_ kernel: KernelTree, in directory: String) async throws(CapsuleBuildError) -> KernelTree {
        let base = "\(directory)/lib/modules"
        do {
            try DurableFiles.makeDirectory(base)
        } catch {
            throw .store(error)
        }
        let modules = "\(base)/\(kernel.release)"
        try await Program.cp.run(["-a", "--reflink=auto", "--", kernel.modules, modules])
        for link in leftOut where DurableFiles.status("\(modules)/\(link)") != nil {
            try await Program.rm.run(["-f", "--", "\(modules)/\(link)"])
        }
        if DurableFiles.status("\(modules)/modules.dep") == nil {
            try await runDepmod(under: directory, release: kernel.release)
        }
        return KernelTree(release: kernel.release, image: kernel.image, modules: modules)
    }

    /// Writes `modules.dep`, `.alias`, `.softdep` and the rest (depmod(8)) for `lib/modules/RELEASE` in `directory`.
    static func runDepmod(under directory: String, release: String) async throws(CapsuleBuildError) {
        // depmod knows the tree as lib/modules only; packages of a merged /usr have it in usr/lib.
        if DurableFiles.status("\(directory)/lib") == nil {
            do {
                try DurableFiles.link("\(directory)/lib", to: "usr/lib")
            } catch {
                throw .store(error)
            }
        }
        try await Program.depmod.run(["-b", directory, release])
    }
}
