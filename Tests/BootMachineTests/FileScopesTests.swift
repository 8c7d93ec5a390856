import BootMachine
import Testing

@Suite struct FileScopesTests {
    @Test func theNearestComesFirst() {
        let scopes = FileScopes(node: "gpu-n007", groups: ["gpu", "rack1"], capsule: "cuda@12")
        #expect(
            scopes.places(everybody: "default")
                == ["node/gpu-n007", "group/gpu", "group/rack1", "base/gpu-n", "capsule/cuda", "default"])
    }

    @Test func whatANodeHasNotIsNoPlace() {
        #expect(FileScopes(node: "007", groups: [], capsule: "").places(everybody: "all") == ["node/007", "all"])
        #expect(FileScopes(node: "n1", groups: [], capsule: "a:stable").capsule == "a")
    }
}
