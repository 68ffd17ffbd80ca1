import Operations
import Raster
import Testing

@Test func `moments, inertia and Hu's invariants equal scikit-image's`() throws {
    // inertia_tensor 0-0, 0-1, 1-1, eigenvalues, Hu, then central and normalised moments in the order of the columns.
    let expected = [
        75.35929903029471, 7.377931031610681, 45.33870971100407, 77.07451817670571, 43.62349056459307, 0.17416740078109494, 0.0023299814227751075,
        2.120951926965651e-06, 3.0864512505908e-07, -1.1297428008106526e-13, 6.591426539016777e-09, -2.2270437918497102e-13, 693.0, 52223.99422799423,
        -5112.906204906202, 31419.725829725823, 8105.844189160067, -2661.310786695995, -3135.7473352365946, -2301.52932333017, 0.10874357724429251,
        -0.010646365124979339, 0.06542382353680241, 0.0006411581467729502, -0.00021050504452907286, -0.0002480321485696905, -0.00018204695788050687,
    ]
    let values = try #require(MomentMeasures(TexturePictures.mask)).values()
    #expect(values.count == expected.count && MomentMeasures.columns.count == expected.count)
    for (index, value) in values.enumerated() {
        #expect(agree(value ?? .nan, expected[index], tiny: 0), "\(MomentMeasures.columns[index].name): \(value ?? .nan), not \(expected[index])")
    }
}

@Test func `one pixel has no extent, and the empty mask no moments`() throws {
    let values = named(MomentMeasures.columns, try #require(MomentMeasures(Mask("#"))).values())
    for (name, value) in values { #expect(value == (name == "moments_central_0_0" ? 1 : 0), "\(name)") }
    #expect(MomentMeasures(Mask("...")) == nil)
}
