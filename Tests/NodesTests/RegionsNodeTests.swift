import Nodes
import Pipeline
import Raster
import Testing

private func extract(_ mask: Mask, pixelSize: Double? = nil, _ config: [String: JSONValue]) throws -> RegionSet {
    let node = try NodeClass(RegionsNode.self).make(config)
    var slots = SlotValues(["mask": mask])
    try node.run(&slots, context: NodeContext(source: .init(uid: "u", name: "frame.jpg", pixelSizeMicrometres: pixelSize)))
    return slots[RegionsNode.regions]
}

/// Disks of 4 × 4 pixels less the corners: 12 pixels, diameter 3.91 px.
private let disks = Mask(
    ".##....##....#..",
    "####..####......",
    "####..####......",
    ".##....##.......")

@Test func `objects below the smallest size are rejected with the rule`() throws {
    let set = try extract(disks, ["minSize": 3.5])
    #expect(set.objects.count == 2)
    #expect(set.segments.compactMap(\.rejectedBy) == ["tooSmall"])
}

@Test func `a size in µm uses the pixel size, and without one says so`() throws {
    // 3.91 px are 7.8 µm at 2 µm a pixel.
    #expect(try extract(disks, pixelSize: 2, ["minSize": 7.7, "sizeUnit": "um"]).objects.count == 2)
    #expect(try extract(disks, pixelSize: 2, ["minSize": 7.9, "sizeUnit": "um"]).objects.isEmpty)
    #expect(throws: NoPixelSize(image: "frame.jpg")) { try extract(disks, ["sizeUnit": "um"]) }
}

@Test func `objects at the edge can be dropped`() throws {
    let set = try extract(disks, ["minSize": 0, "border": "drop"])
    #expect(set.objects.isEmpty)
    #expect(set.segments.allSatisfy { $0.rejectedBy == "touchesBorder" })
}

@Test(arguments: [("outermost", 1), ("all", 4), ("innerOnly", 3)])
func `an aggregate with three pellets`(policy: String, count: Int) throws {
    let aggregate = Mask(
        "###############",
        "#.............#",
        "#.##..##..##..#",
        "#.##..##..##..#",
        "#.............#",
        "###############")
    let set = try extract(aggregate, ["minSize": 0, "nested": .string(policy)])
    #expect(set.objects.count == count)
    #expect(set.segments.count == 4)
    #expect(set.segments[0].innerCount == 3)
    #expect(set.segments.dropFirst().allSatisfy { $0.parent == 0 })
}

@Test func `a blank mask has no objects`() throws {
    #expect(try extract(Mask("...", "..."), [:]).segments.isEmpty)
}
