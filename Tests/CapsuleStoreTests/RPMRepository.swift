import Foundation

/// A repository of RPM packages that is made, and signed, here: `repository/`, its key `key.asc`, and `site.repo`.
///
/// `base` brings a shell, `tool` a scriptlet that needs one, `kernel-core` what looks like a kernel.
struct RPMRepository {
    let directory: TemporaryDirectory

    static let programs = ["dnf", "rpm", "rpmbuild", "rpmsign", "createrepo_c", "gpg", "busybox"]
    static var isPossible: Bool {
        geteuid() == 0 && programs.allSatisfy { FileManager.default.fileExists(atPath: "/usr/bin/\($0)") }
    }

    /// - Parameter version: of `tool`.
    init(in directory: TemporaryDirectory, version: String = "2.0") throws {
        self.directory = directory
        _ = try KernelFixture.write(in: directory, below: "kernel-core")
        try directory.run(
            """
            cd kernel-core; mkdir usr; mv lib usr/lib
            mv boot/vmlinuz-\(KernelFixture.release) usr/lib/modules/\(KernelFixture.release)/vmlinuz; rmdir boot; cd ..
            mkdir -p base/usr/bin base/etc base/tmp gnupg; chmod 700 gnupg
            cp /usr/bin/busybox base/usr/bin; ln -s busybox base/usr/bin/sh; ln -s usr/bin base/bin
            echo ID=test > base/etc/os-release
            gpg --homedir gnupg -q --batch --passphrase '' --quick-gen-key test@example.org rsa2048 sign never >gpg.log 2>&1
            gpg --homedir gnupg --armor --export > key.asc
            """)
        try package("base", "1.0", provides: "/bin/sh", files: ["/usr/bin", "/bin", "/etc/os-release", "/tmp"])
        try package("kernel-core", "6.1.0", files: ["/usr/lib/modules"])
        try tool(version)
        try directory.write("site.repo", definition)
    }

    var definition: String {
        """
        [site]
        name=Site
        baseurl=file://\(directory.path)/$releasever/repository
        gpgkey=file://\(directory.path)/key.asc

        """
    }

    /// Adds a version of `tool`, whose scriptlet writes `/etc/tool.made` and to `/dev/null`.
    func tool(_ version: String, signed: Bool = true) throws {
        try directory.run("mkdir -p tool/usr/share/tool; echo \(version) > tool/usr/share/tool/version")
        try package(
            "tool", version, requires: "base",
            post: "echo \(version) > /etc/tool.made; echo > /dev/null; test -e /proc/self/status",
            files: ["/usr/share/tool"],
            signed: signed)
    }

    private func package(
        _ name: String, _ version: String, provides: String? = nil, requires: String? = nil, post: String? = nil,
        files: [String], signed: Bool = true
    ) throws {
        // Files keep their times in a package; none is newer than those of `base`.
        let date = name == "tool" ? "2023-01-01 \(version.replacing(".", with: ":"))" : "2024-01-01"
        var lines = [
            "Name: \(name)", "Version: \(version)", "Release: 1", "Summary: x", "License: none", "AutoReqProv: no",
        ]
        if let provides { lines.append("Provides: \(provides)") }
        if let requires { lines += ["Requires: \(requires)", "Requires(post): \(requires)"] }
        lines += ["%description", "x", "%install", "cp -a \(directory.path)/\(name)/. %{buildroot}/"]
        if let post { lines += ["%post", post] }
        try directory.write("\(name).spec", (lines + ["%files"] + files).joined(separator: "\n") + "\n")
        let sign =
            "rpmsign --define '_gpg_name test@example.org' --define '__gpg /usr/bin/gpg' --define '_gpg_path '$PWD/gnupg"
        try directory.run(
            """
            find \(name) -exec touch -hd "\(date)" {} +
            export HOME=$PWD GNUPGHOME=$PWD/gnupg
            rpmbuild --quiet -bb --define "_topdir $PWD/build" --define "_rpmdir $PWD/9/repository" \
                --define '_build_id_links none' --define '__os_install_post %{nil}' --define 'debug_package %{nil}' \
                \(name).spec
            \(signed ? "\(sign) --addsign 9/repository/*/\(name)-\(version)-1.*.rpm" : "true")
            createrepo_c -q 9/repository
            gpgconf --kill gpg-agent
            """)
    }
}
