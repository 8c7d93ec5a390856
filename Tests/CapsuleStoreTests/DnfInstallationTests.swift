import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

/// Real packages, rpm and dnf, and a repository in a directory.
@Suite(.enabled(if: RPMRepository.isPossible), .serialized) struct DnfInstallationTests: StoreTests {
    let test: TestStore
    private let repository: RPMRepository

    init() throws {
        test = try TestStore("rpm")
        repository = try RPMRepository(in: test.directory)
        try directory.write(
            "site.pkglist", "# release: 9\n# repository: site.repo\n# kernel: kernel-core\ntool   # and what it needs\n"
        )
    }

    private var list: CapsuleSource { .packageList("\(directory.path)/site.pkglist") }

    private func build(in store: CapsuleStore) async throws -> BuiltCapsule {
        try await CapsuleBuilder(store: store).build(name, from: list)
    }

    /// The text of a file of a generation's root.
    private func text(_ path: String, of generation: CapsuleGeneration) throws -> String {
        let image = "\(directory.path)/\(UUID().uuidString).squashfs"
        let manifest = try store.manifest(of: generation)
        _ = try store.extract(.root, of: store.index(of: generation, pinnedBy: manifest), to: image)
        return try output(of: "unsquashfs", ["-cat", image, path])
    }

    @Test func whatIsBuiltIsTheSameTwiceAndComparedByPackages() async throws {
        let first = try await build(in: store)
        let again = try await build(in: CapsuleStore(at: "\(directory.path)/other"))
        #expect(first.manifest.streams == again.manifest.streams)
        #expect(first.manifest.kernelRelease == KernelFixture.release)
        #expect(try text("etc/tool.made", of: first.generation) == "2.0\n")
        #expect(try text("etc/machine-id", of: first.generation).isEmpty)

        try repository.tool("2.10")
        let second = try await build(in: store)
        let difference = try await store.difference(from: first.generation, to: second.generation)
        #expect(difference.packages == [.init(name: "tool.x86_64", from: "2.0-1", to: "2.10-1")])
        let files = try #require(difference.files)
        #expect(files.added.isEmpty && files.removed.isEmpty)
        // rpm's database has other contents, of the same size and time, which a listing does not show.
        #expect(files.changed == ["/etc/tool.made", "/usr/share/tool/version"])
    }

    @Test func descriptionMayNameThem() async throws {
        var description = CapsuleDescription(directory: directory.path)
        description.release = "9"
        description.repositories = ["site.repo"]
        description.packages = ["tool-2.0"]
        description.kernel = "kernel-core"
        let built = try await CapsuleBuilder(store: store).build(name, as: description)
        #expect(built.manifest.kernelRelease == KernelFixture.release)
        #expect(try text("usr/share/tool/version", of: built.generation) == "2.0\n")
    }

    private func failure() async -> String {
        await #expect(throws: CapsuleBuildError.self) { _ = try await build(in: store) }?.description ?? ""
    }

    @Test func packageWithoutASignatureIsRefused() async throws {
        try repository.tool("2.2", signed: false)
        #expect(await failure().contains("tool-2.2-1.x86_64.rpm is not signed"))
        #expect(try store.generations(of: name).isEmpty)
        try directory.write("site.repo", repository.definition + "gpgcheck=0\n")
        let built = try await build(in: store)
        #expect(try text("etc/tool.made", of: built.generation) == "2.2\n")
    }

    @Test func repositoryWithoutAKeyIsExplained() async throws {
        try directory.write("site.repo", repository.definition.replacing(/gpgkey.*/, with: ""))
        let text = await failure()
        #expect(text.contains("specify the url to the key") && text.contains("Problem repository: [site]"))
        #expect(!text.contains("proxy_password"))
    }

    @Test func whatIsMissingIsNamed() async throws {
        try directory.write("site.pkglist", "# release: 9\n# repository: site.repo\nnosuch\n")
        #expect(await failure().contains("Unable to find a match: nosuch"))
        try directory.write("site.pkglist", "# release: 9\n# repository: none.repo\ntool\n")
        #expect(await failure().hasPrefix("there is no .repo file in \(directory.path)/none.repo. "))
        try directory.write("site.pkglist", "# release: 8\n# repository: site.repo\ntool\n")
        #expect(await failure().contains("\(directory.path)/8/repository"))
        #expect(try store.generations(of: name).isEmpty && directory.names("state/build").isEmpty)
    }
}

@Suite struct DnfOutputTests {
    @Test func stepsAreCountedAndNoiseIsNot() {
        var output = DnfOutput()
        var seen: [Int64] = []
        var messages: [String] = []
        let lines = """
            Dependencies resolved.
            Installed size: 1.5 k
            Downloading Packages:
            (1/2): base-1.0-1.x86_64.rpm                     5.0 MB/s | 1.0 MB     00:00
            (2/2): tool-2.0-1.noarch.rpm                     1.0 MB/s |  10 kB     00:00
              Preparing        :                                                        1/1
              Installing       : base-1.0-1.x86_64                                      1/2
              Installing       : tool-2.0-1.noarch                                      2/2
              Running scriptlet: tool-2.0-1.noarch                                      2/2
              Verifying        : base-1.0-1.x86_64                                      1/2
            Error: a
            Problem repository: [t]
            proxy_password: secret
            """
        for line in lines.split(separator: "\n") {
            switch output.read(String(line)) {
            case .progress: seen.append(output.done)
            case .message: messages.append(String(line))
            case .noise: break
            }
        }
        #expect(seen == [0, 384, 768, 1152, 1536] && output.total == 1536)
        #expect(messages.suffix(2) == ["Error: a", "Problem repository: [t]"])
    }

    @Test(arguments: [
        "(", "(1", "(1/0): x", "(9/2): x", "Installing : x 1/", "Installed size: nan", "Installed size: 9e99 T",
    ])
    func whatIsNoCountIsPassedOver(line: String) {
        var output = DnfOutput()
        _ = output.read("Installed size: 10 M")
        _ = output.read(line)
        #expect(output.done == 0)
    }
}
