import Nodes
import Operations
import Pipeline
import Raster
import Testing

private func area(_ config: [String: JSONValue], drawn: String? = nil, part: Rect? = nil, image: AnyImage = blank) throws -> Mask {
    let node = try NodeClass(RestrictAreaNode.self).make(config)
    var slots = SlotValues(["image": image])
    try node.run(&slots, context: NodeContext(source: .init(uid: "u", name: "frame.png", area: drawn, part: part)))
    return slots[RestrictAreaNode.area]
}

private let blank = AnyImage.gray8(Image(width: 20, height: 10, repeating: 200))
private let triangle = #"{"type":"Polygon","coordinates":[[[2,1],[12,1],[2,8],[2,1]]]}"#
private let drawnTriangle = Mask.polygon([[Point(x: 2, y: 1), Point(x: 12, y: 1), Point(x: 2, y: 8)]], bounds: Rect(x: 0, y: 0, width: 20, height: 10))

@Test func `the area is the whole image, a rectangle, an outline or what was drawn on the image`() throws {
    #expect(try area([:]) == .full(blank.bounds))
    #expect(try area(["method": "rectangle", "left": 3, "top": 2, "width": 5, "height": 4]).boundingBox == Rect(x: 3, y: 2, width: 5, height: 4))
    #expect(try area(["method": "rectangle", "left": 3, "top": 2]).boundingBox == Rect(x: 3, y: 2, width: 17, height: 8))
    #expect(try area(["method": "rectangle", "left": 3, "width": 500]).boundingBox == Rect(x: 3, y: 0, width: 17, height: 10))
    #expect(try area(["method": "polygon", "outline": .string(triangle)]) == drawnTriangle)
    #expect(try area(["method": "rectangle", "left": 15], drawn: triangle) == drawnTriangle)
    // Without a rim nothing is left out.
    #expect(try area(["method": "frame"]) == .full(blank.bounds))
}

@Test func `of a part of the image the area is the same, in its own pixels`() throws {
    let part = Rect(x: 4, y: 2, width: 9, height: 5)
    let image = AnyImage.gray8(Image(width: 9, height: 5, repeating: 200))
    for (config, drawn) in [(["method": "rectangle", "left": 6, "width": 4] as [String: JSONValue], nil), ([:], triangle), ([:], nil)] {
        let whole = try area(config, drawn: drawn)
        #expect(try area(config, drawn: drawn, part: part, image: image) == whole.clipped(to: part).translated(x: -4, y: -2))
    }
}

@Test(arguments: [
    "", "{", "[]", #"{"type":"Point","coordinates":[1,2]}"#, #"{"type":"Polygon","coordinates":[]}"#, #"{"type":"Polygon","coordinates":[[[1,2],[3,4]]]}"#,
    #"{"type":"Polygon","coordinates":[[[1,2],[3,4],["a",1]]]}"#, #"{"type":"Polygon","coordinates":[[[1,2],[3,4],[1e300,1]]]}"#, #"{"type":"MultiPolygon","coordinates":[1]}"#,
    #"{"type":"Polygon","coordinates":[[[100,100],[120,100],[110,120]]]}"#,
])
func `what is no area, or lies outside, is refused with a sentence`(text: String) {
    #expect(throws: AreaError.self) { try area(["method": "polygon", "outline": .string(text)]) }
}

@Test func `pixels outside of the area decide no level and are no objects`() throws {
    // Outside is darker than the object inside, which Otsu would otherwise lump with the ground.
    var pixels = [UInt8](repeating: 0, count: 40 * 20)
    for y in 0..<20 { for x in 10..<30 { pixels[y * 40 + x] = (14..<18).contains(x) && (5..<9).contains(y) ? 150 : 220 } }
    let image = Image<UInt8>(width: 40, height: 20, pixels: pixels)
    let inside = Rect(x: 10, y: 0, width: 20, height: 20)
    let mask = Mask(bounds: image.bounds, sortedRuns: Mask.full(inside).runs)
    for wide in [false, true] {
        let gray: GrayImage = wide ? .bits16(Image(width: 40, height: 20, pixels: pixels.map { UInt16($0) * 200 })) : .bits8(image)
        var slots = SlotValues(["gray": gray, "area": mask])
        try ThresholdNode().run(&slots, context: NodeContext(source: .init(uid: "u", name: "n")))
        #expect(slots[ThresholdNode.mask].boundingBox == Rect(x: 14, y: 5, width: 4, height: 4))
        #expect(slots[ThresholdNode.mask].bounds == image.bounds)
    }
    // The limit of the area is what cuts objects; holes are filled inside of it only.
    let foreground = Mask(
        "####........",
        "#..#....##..",
        "#..#....##..",
        "####........")
    let limits = Mask(bounds: foreground.bounds, sortedRuns: Mask.full(Rect(x: 1, y: 0, width: 8, height: 4)).runs)
    var slots = SlotValues(["mask": foreground, "area": limits])
    let node = try NodeClass(RegionsNode.self).make(["minSize": 0, "fillHoles": true, "border": "flag"])
    try node.run(&slots, context: NodeContext(source: .init(uid: "u", name: "n")))
    let set = slots[RegionsNode.regions]
    #expect(set.objects.map(\.mask.area) == [12, 2])
    #expect(set.objects.map(\.touches) == [[.left, .top, .bottom], .right])
}

@Test func `the falloff is estimated and corrected inside the area only`() throws {
    var framed = Image<UInt8>(width: 300, height: 240, repeating: 12)
    for y in 20..<220 {
        for x in 40..<260 {
            let (u, v) = (Double(x - 150) / 110, Double(y - 120) / 100)
            framed[x, y] = UInt8(220 * (1 - 0.15 * (u * u + v * v)))
        }
    }
    let inside = Rect(x: 40, y: 20, width: 220, height: 200)
    var slots = SlotValues(["image": GrayImage.bits8(framed), "area": Mask(bounds: framed.bounds, sortedRuns: Mask.full(inside).runs)])
    try VignettingNode().run(&slots, context: NodeContext(source: .init(uid: "u", name: "n")))
    guard case .bits8(let even)? = slots["image"] as? GrayImage else {
        Issue.record("gray came in, \(String(describing: slots["image"])) came out")
        return
    }
    let part = even.cropped(to: inside)
    let range = try #require(part.histogram().range)
    #expect(range.count <= 5, "\(range)")
    #expect(even.replacing(x: 40, y: 20, with: framed.cropped(to: inside)) == framed)
}

@Test func `a parameter that does not count is neither checked nor used, and the schema says so`() throws {
    let threshold = NodeClass(ThresholdNode.self)
    let odd = try threshold.make(["level": "no number", "quantile": 7])
    #expect(threshold.configuration(of: odd) == threshold.defaults)
    #expect(throws: ConfigurationError.self) { try threshold.make(["method": "fixed", "level": "no number"]) }
    #expect(throws: ConfigurationError.self) { try threshold.make(["method": "quantile", "quantile": 7]) }
    #expect(throws: ConfigurationError.self) { try threshold.make(["method": "no such", "level": 4]) }
    let schema = threshold.json["schema"]
    #expect(schema?["properties"]?["level"]?["type"] == nil && schema?["properties"]?["level"]?["title"] == "Level")
    guard case .array(let conditions)? = schema?["allOf"] else {
        Issue.record("no conditions in \(String(describing: schema))")
        return
    }
    #expect(conditions.contains { $0["if"]?["properties"]?["method"]?["enum"] == ["fixed"] && $0["if"]?["required"] == ["method"] && $0["then"]?["properties"]?["level"]?["maximum"] == 65535 })
    // Every condition names a choice or switch that stands before it, with values it can have.
    for nodeClass in AllNodes.classes {
        for (index, parameter) in nodeClass.parameters.enumerated() {
            guard let condition = parameter.appliesWhen else { continue }
            let other = nodeClass.parameters.prefix(index).first { $0.name == condition.parameter }
            #expect(other != nil, "\(nodeClass.kind).\(parameter.name)")
            if case .choice(let choices)? = other?.type {
                #expect(condition.values.allSatisfy { value in choices.contains { .string($0.value) == value } }, "\(nodeClass.kind).\(parameter.name)")
            }
        }
    }
}

@Test func `a pipeline without a Restrict area node gets one, joined to all that take an area`() throws {
    var graph = Graph.standard
    graph.nodes.removeAll { $0.kind == RestrictAreaNode.kind }
    graph.edges.removeAll { $0.from.node == "area" || $0.to.node == "area" }
    let restricted = graph.restrictingArea(["method": "frame"])
    let plan = try Plan(restricted, classes: AllNodes.classes)
    #expect(restricted.nodes.first { $0.kind == RestrictAreaNode.kind }?.config == ["method": "frame"])
    for name in ["vignetting", "threshold", "objects"] { #expect(plan.step(name)?.sources["area"] == [Graph.End("area", "area")], "\(name)") }
    #expect(plan.step("area")?.sources["image"] == [Graph.End("gray", "gray")])
    // There already, it is only set.
    let again = restricted.restrictingArea(["method": "whole"])
    #expect(again.nodes.count == restricted.nodes.count && again.edges == restricted.edges)
    #expect(try Plan(Graph.standard.restrictingArea([:]), classes: AllNodes.classes).steps.count == Graph.standard.nodes.count)
}
