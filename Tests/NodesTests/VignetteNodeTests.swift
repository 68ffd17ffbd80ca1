import Nodes
import Pipeline
import Raster
import Testing

/// A cross of 3 × 3 in a gray frame of 20 × 12, run through vignette nodes one after the other.
enum DrawnVignette {
    static let frame = Image<UInt8>(width: 20, height: 12, pixels: (0..<240).map { UInt8($0) })
    static let cross = Mask(bounds: frame.bounds, sortedRuns: [Run(y: 5, first: 9, last: 9), Run(y: 6, first: 8, last: 10), Run(y: 7, first: 9, last: 9)])

    static func picture(
        _ nodes: [(any Node.Type, [String: JSONValue])], mask: Mask = cross, padding: Int = 2, pixelSize: Double? = 10, image: any SlotValue = AnyImage.gray8(frame)
    ) throws -> AnyImage {
        var vignettes: Vignettes?
        for (type, config) in nodes {
            let node = try #require(AllNodes.named(type.kind)).make(config)
            var slots = SlotValues()
            if let vignettes { slots["vignettes"] = vignettes } else { (slots["image"], slots["regions"]) = (image, RegionSet(frame: frame.bounds, padding: padding)) }
            try node.run(&slots, context: NodeContext(source: .init(uid: "u", name: "n", pixelSizeMicrometres: pixelSize)))
            vignettes = slots["vignettes"] as? Vignettes
        }
        return try #require(vignettes).picture(of: mask)
    }
}

@Test func `vignette nodes can be chained in any order`() throws {
    let fade = (VignetteFadeNode.self as any Node.Type, ["alpha": 1, "color": "000000"] as [String: JSONValue])
    let contour = (VignetteContourNode.self as any Node.Type, ["color": "FFFFFF"] as [String: JSONValue])
    guard case .gray8(let first) = try DrawnVignette.picture([fade, contour]), case .gray8(let second) = try DrawnVignette.picture([contour, fade]) else { return #expect(Bool(false)) }
    #expect(first == second && first.width == 7 && first.height == 7)
    // Only the cross's middle is no outline.
    #expect(first[3, 3] == DrawnVignette.frame[9, 6] && first[2, 3] == 255 && first[0, 0] == 0)
}

@Test func `a bar does not change where the object is for what draws after it`() throws {
    let bar = (VignetteScaleBarNode.self as any Node.Type, [:] as [String: JSONValue])
    let fade = (VignetteFadeNode.self as any Node.Type, ["alpha": 1, "color": "000000"] as [String: JSONValue])
    #expect(try DrawnVignette.picture([bar, fade]) == DrawnVignette.picture([fade, bar]))
}

@Test func `a vignette node wants image and regions, or vignettes`() throws {
    func problems(_ edges: [(String, String)]) -> [String] {
        let graph = Graph(
            nodes: [.init(name: "images", kind: "import.folder"), .init(name: "gray", kind: "convert.gray"), .init(name: "threshold", kind: "segment.threshold"), .init(name: "objects", kind: "regions.extract"),
                .init(name: "fade", kind: "vignette.fade"), .init(name: "contour", kind: "vignette.contour")],
            edges: ([("images.image", "gray.image"), ("gray.gray", "threshold.gray"), ("threshold.mask", "objects.mask"), ("images.image", "fade.image"), ("objects.regions", "fade.regions")] + edges).map {
                let (from, to) = ($0.0.split(separator: "."), $0.1.split(separator: "."))
                return .init(from: .init(String(from[0]), String(from[1])), to: .init(String(to[0]), String(to[1])))
            })
        do throws(GraphError) { _ = try Plan(graph, classes: AllNodes.classes) } catch { return error.problems }
        return []
    }
    #expect(problems([("fade.vignettes", "contour.vignettes")]).isEmpty)
    #expect(problems([("images.image", "contour.image"), ("objects.regions", "contour.regions")]).isEmpty)
    #expect(problems([]) == [
        "input contour.image (image) of vignette.contour is not connected, and neither is contour.vignettes instead",
        "input contour.regions (regions) of vignette.contour is not connected, and neither is contour.vignettes instead",
    ])
}
