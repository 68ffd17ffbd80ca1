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
