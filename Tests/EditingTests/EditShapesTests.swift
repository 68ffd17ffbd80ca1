import Editing
import Raster
import Testing

private let frame = Rect(x: 0, y: 0, width: 12, height: 8)

private func polygon(_ points: (Double, Double)...) -> Feature { Feature(.polygon([points.map { Point(x: $0.0, y: $0.1) }])) }
private func request(_ operation: EditOperation, objects: Int = 0, _ features: Feature...) -> EditRequest {
    EditRequest(operation: operation, image: 1, objects: (0..<Int64(objects)).map { $0 + 10 }, annotations: FeatureCollection(features: features))
}
private func mask(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> Mask {
    Mask(tightSortedRuns: (y..<(y + height)).map { Run(y: $0, first: x, last: x + width - 1) })
}
private func error(_ request: EditRequest, _ masks: [Mask] = []) -> EditError? {
    do throws(EditError) {
        _ = try EditShapes(request, masks: masks, frame: frame)
        return nil
    } catch { return error }
}

@Test func `a drawn polygon covers the pixels whose centres it holds, and nothing outside the image`() throws {
    let shapes = try EditShapes(request(.draw, polygon((1.5, 1.5), (4.5, 1.5), (4.5, 3.5), (1.5, 3.5))), masks: [], frame: frame)
    #expect(shapes.created == [mask(2, 2, 3, 2)])
    let clipped = try EditShapes(request(.draw, polygon((-5, -5), (1.5, -5), (1.5, 0.5), (-5, 0.5))), masks: [], frame: frame)
    #expect(clipped.created == [mask(0, 0, 2, 1)])
}

@Test func `each drawn feature becomes an object of its own, in raster order`() throws {
    let shapes = try EditShapes(
        request(.draw, polygon((5.5, 4.5), (7.5, 4.5), (7.5, 6.5), (5.5, 6.5)), polygon((0.5, 0.5), (2.5, 0.5), (2.5, 2.5), (0.5, 2.5))),
        masks: [], frame: frame)
    #expect(shapes.created == [mask(1, 1, 2, 2), mask(6, 5, 2, 2)])
}

@Test func `merging keeps every pixel of both, also where they lie apart`() throws {
    let shapes = try EditShapes(request(.merge, objects: 2), masks: [mask(1, 1, 2, 2), mask(6, 3, 2, 2)], frame: frame)
    #expect(shapes.retired == [0, 1])
    #expect(shapes.created.count == 1)
    #expect(shapes.created[0].area == 8)
    #expect(shapes.created[0].bounds == Rect(x: 1, y: 1, width: 7, height: 4))
}

@Test func `a skeleton connects what is merged`() throws {
    let line = Feature(.lineString([Point(x: 2, y: 2), Point(x: 6, y: 2)]), properties: .init(width: 1))
    let shapes = try EditShapes(request(.merge, objects: 2, line), masks: [mask(1, 1, 2, 3), mask(6, 1, 2, 3)], frame: frame)
    #expect(shapes.created[0].area == 6 + 6 + 3)
}

@Test func `each pixel of a split goes to the nearer point`() throws {
    let shapes = try EditShapes(
        request(.split, objects: 1, Feature(.point(Point(x: 1, y: 1))), Feature(.point(Point(x: 8, y: 1)))), masks: [mask(0, 0, 10, 3)], frame: frame)
    #expect(shapes.retired == [0])
    #expect(shapes.created == [mask(0, 0, 5, 3), mask(5, 0, 5, 3)])
}

@Test func `a line from side to side cuts, and its own pixels go`() throws {
    let line = Feature(.lineString([Point(x: 4.5, y: -1), Point(x: 4.5, y: 9)]))
    let shapes = try EditShapes(request(.cut, objects: 1, line), masks: [mask(0, 0, 10, 3)], frame: frame)
    #expect(shapes.created.count == 2)
    #expect(shapes.created.map(\.area).reduce(0, +) < 30)
    #expect(shapes.created.allSatisfy { !$0.contains(x: 4, y: 1) && !$0.contains(x: 5, y: 1) })
}

@Test func `what hangs loose and is not cut goes with the nearest piece`() throws {
    let line = Feature(.lineString([Point(x: 4.5, y: -1), Point(x: 4.5, y: 9)]))
    let (left, right) = (mask(1, 5, 1, 1), mask(8, 5, 2, 1))
    let shapes = try EditShapes(request(.cut, objects: 1, line), masks: [mask(0, 0, 10, 3).union(left).union(right)], frame: frame)
    #expect(shapes.created.count == 2)
    #expect(shapes.created.map { $0.contains(x: 1, y: 5) } == [true, false] && shapes.created.map { $0.contains(x: 9, y: 5) } == [false, true])
    #expect(shapes.created.map { $0.contains(x: 0, y: 0) } == [true, false])
}

@Test func `adding and erasing change the object and keep its identity`() throws {
    let square = polygon((3.5, -0.5), (5.5, -0.5), (5.5, 2.5), (3.5, 2.5))
    let added = try EditShapes(request(.add, objects: 1, square), masks: [mask(0, 0, 4, 3)], frame: frame)
    #expect(added.revised == [0: mask(0, 0, 6, 3)])
    #expect(added.created.isEmpty && added.retired.isEmpty)
    let erased = try EditShapes(request(.erase, objects: 1, square), masks: [mask(0, 0, 6, 3)], frame: frame)
    #expect(erased.revised == [0: mask(0, 0, 4, 3)])
}

@Test func `filling closes holes, replacing takes the drawn shape`() throws {
    let ring = Mask("#####", "#...#", "#####")
    #expect(try EditShapes(request(.fill, objects: 1), masks: [ring.tight], frame: frame).revised[0]?.area == 15)
    let shapes = try EditShapes(
        request(.replace, objects: 1, polygon((0.5, 0.5), (2.5, 0.5), (2.5, 2.5), (0.5, 2.5))), masks: [ring.tight], frame: frame)
    #expect(shapes.revised[0] == mask(1, 1, 2, 2))
}

@Test func `what makes no sense is refused with a reason`() {
    #expect(error(request(.draw)) == .needsAnnotations(.draw, what: "a drawn shape"))
    #expect(error(request(.draw, polygon((100, 100), (110, 100), (110, 110)))) == .outsideImage(.draw))
    #expect(error(request(.delete)) == .needsObjects(.delete, least: 1))
    #expect(error(request(.merge, objects: 1), [mask(0, 0, 1, 1)]) == .needsObjects(.merge, least: 2))
    #expect(error(request(.split, objects: 1, Feature(.point(Point(x: 1, y: 1)))), [mask(0, 0, 4, 1)])?.code == "edit.needsAnnotations")
    #expect(error(request(.split, objects: 1, Feature(.point(Point(x: 0, y: 0))), Feature(.point(Point(x: 90, y: 0)))), [mask(0, 0, 2, 1)])?.code == "edit.nothingChanges")
    #expect(error(request(.erase, objects: 1, polygon((-1, -1), (20, -1), (20, 20), (-1, 20))), [mask(0, 0, 2, 1)]) == .nothingLeft(.erase))
    #expect(error(request(.fill, objects: 1), [mask(0, 0, 2, 1)])?.code == "edit.nothingChanges")
}

@Test func `the same object twice is not two objects to merge`() {
    let twice = EditRequest(operation: .merge, image: 1, objects: [10, 10])
    #expect(error(twice, [mask(0, 0, 1, 1), mask(0, 0, 1, 1)]) == .needsObjects(.merge, least: 2))
}

private func line(_ points: (Double, Double)..., role: Feature.Properties.Role? = nil, width: Double? = nil) -> Feature {
    Feature(.lineString(points.map { Point(x: $0.0, y: $0.1) }), properties: .init(width: width, role: role))
}
private func point(_ x: Double, _ y: Double, role: Feature.Properties.Role? = nil) -> Feature { Feature(.point(Point(x: x, y: y)), properties: .init(role: role)) }

@Test func `pixels nearest to an outline leave the object, which keeps its identity when one part is left`() throws {
    let outlined = try EditShapes(
        request(.split, objects: 1, line((2, 0), (2, 2), role: .skeleton), line((7, 0), (7, 2), role: .outline)), masks: [mask(0, 0, 10, 3)], frame: frame)
    #expect(outlined.revised == [0: mask(0, 0, 5, 3)] && outlined.retired.isEmpty && outlined.created.isEmpty)
    let two = try EditShapes(
        request(.split, objects: 1, point(1, 1), line((4, 0), (4, 2), role: .outline), point(8, 1)), masks: [mask(0, 0, 10, 3)], frame: frame)
    #expect(two.retired == [0] && two.created == [mask(0, 0, 3, 3), mask(7, 0, 3, 3)])
}

@Test func `objects that overlap are split as their union, those apart each alone`() throws {
    let shapes = try EditShapes(
        request(.split, objects: 3, point(1, 1), point(7, 1)), masks: [mask(0, 0, 6, 3), mask(10, 0, 2, 3), mask(3, 0, 6, 3)], frame: frame)
    #expect(shapes.retired == [0, 2] && shapes.revised.isEmpty)
    #expect(shapes.created == [mask(0, 0, 5, 3), mask(5, 0, 4, 3)])
}

@Test func `smoothing takes off what is thinner than the radius and keeps the identity`() throws {
    let spiked = mask(2, 2, 6, 5).union(mask(8, 4, 3, 1)).tight
    let shapes = try EditShapes(request(.smooth, objects: 1), masks: [spiked], frame: frame)
    #expect(shapes.revised[0] == spiked.smoothed(radius: 2).tight && shapes.revised[0]?.contains(x: 10, y: 4) == false)
    #expect(error(request(.smooth, objects: 1), [mask(0, 0, 9, 1)]) == .nothingLeft(.smooth))
}

@Test func `separating divides at the neck, by depth or from given points, and loses no pixel`() throws {
    let bodies = Mask("###....###", "####..####", "##########", "####..####", "###....###").tight
    let automatic = try EditShapes(request(.separate, objects: 1), masks: [bodies], frame: frame)
    #expect(automatic.retired == [0] && automatic.created.count == 2 && Mask.union(of: automatic.created).runs == bodies.runs)
    let given = try EditShapes(request(.separate, objects: 1, point(0, 2), point(9, 2)), masks: [bodies], frame: frame)
    #expect(given.created.count == 2 && Mask.union(of: given.created).runs == bodies.runs)
    let apart = bodies.union(mask(11, 0, 1, 1)).tight
    let rest = try EditShapes(request(.separate, objects: 1, point(0, 2), point(9, 2)), masks: [apart], frame: frame)
    #expect(rest.created.count == 3 && Mask.union(of: rest.created).runs == apart.runs)
    var deep = request(.separate, objects: 1)
    deep.parameters.depth = 50
    #expect(error(deep, [bodies])?.code == "edit.nothingChanges")
    #expect(error(request(.separate, objects: 1, point(0, 2), point(11, 7)), [bodies])?.code == "edit.nothingChanges")
}

@Test func `a wand stands for its pixels wherever a shape may stand`() throws {
    let pixels = mask(3, 3, 4, 2)
    let drawn = try EditShapes(request(.draw, point(4, 4, role: .wand)), masks: [], wands: [0: pixels], frame: frame)
    #expect(drawn.created == [pixels])
    let erased = try EditShapes(request(.erase, objects: 1, point(4, 4, role: .wand)), masks: [mask(0, 3, 7, 2)], wands: [0: pixels], frame: frame)
    #expect(erased.revised == [0: mask(0, 3, 3, 2)])
}

@Test func `more wands than a hand sets are refused, and many features stop when they are told to`() throws {
    func wands(_ count: Int) -> EditRequest {
        EditRequest(operation: .draw, image: 1, annotations: FeatureCollection(features: (0..<count).map { _ in point(4, 4, role: .wand) }))
    }
    let pixels = Dictionary(uniqueKeysWithValues: (0..<100).map { ($0, mask(3, 3, 4, 2)) })
    #expect(try EditShapes(wands(100), masks: [], wands: pixels, frame: frame).created.count == 100)
    #expect(error(wands(101)) == .tooIntricate(.draw, what: "the request has 101 wands, more than 100"))

    var asked = 0
    #expect(throws: EditError.stopped(.draw)) {
        _ = try EditShapes(wands(100), masks: [], wands: pixels, frame: frame) {
            asked += 1
            return asked == 3
        }
    }
    #expect(asked == 3)
    // What is done in one step is finished.
    #expect(try EditShapes(request(.draw, point(4, 4)), masks: [], frame: frame, isStopped: { true }).created.count == 1)
    let apart = [mask(0, 0, 3, 3), mask(6, 0, 3, 3)]
    for operation in [EditOperation.fill, .separate] {
        #expect(throws: EditError.stopped(operation)) { _ = try EditShapes(request(operation, objects: 2), masks: apart, frame: frame, isStopped: { true }) }
    }
}

@Test func `roles that mean nothing, and lines that separate nothing, are refused`() {
    #expect(error(request(.draw, line((0, 0), (5, 5), role: .outline)))?.code == "edit.annotationUnfit")
    #expect(error(request(.draw, line((0, 0), (5, 5), role: .wand)))?.code == "edit.annotationUnfit")
    #expect(error(request(.merge, objects: 2, line((0, 0), (5, 5), role: .outline)), [mask(0, 0, 1, 1), mask(3, 3, 1, 1)])?.code == "edit.annotationUnfit")
    #expect(error(request(.split, objects: 1, line((0, 0), (5, 5), role: .outline), line((0, 5), (5, 0), role: .outline)), [mask(0, 0, 4, 1)])?.code == "edit.needsAnnotations")
    #expect(error(request(.separate, objects: 1, polygon((0, 0), (3, 0), (3, 3))), [mask(0, 0, 4, 1)])?.code == "edit.annotationUnfit")
    // Two pieces already, and the line goes beside them.
    let pieces = mask(0, 0, 2, 2).union(mask(8, 0, 2, 2))
    #expect(error(request(.cut, objects: 1, line((5, -1), (5, 9))), [pieces])?.code == "edit.nothingChanges")
}
