package org.gearshift.tools;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Dependencies between modules run one way: the drawing in docs/design.md, as a test. */
@AnalyzeClasses(packages = "org.gearshift", importOptions = {ImportOption.DoNotIncludeTests.class, ModuleDependenciesTest.NoTestJars.class})
class ModuleDependenciesTest {
    /** Leaves out the test classes modules share. */
    static final class NoTestJars implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    private static final String LIBRARIES = "sun.misc..";

    @ArchTest
    static final ArchRule irUsesNothing = classes().that().resideInAPackage("org.gearshift.ir..")
            .should().onlyDependOnClassesThat().resideInAnyPackage("org.gearshift.ir..", "java..", LIBRARIES);

    @ArchTest
    static final ArchRule translatorUsesIr = classes().that().resideInAPackage("org.gearshift.translator..")
            .should().onlyDependOnClassesThat().resideInAnyPackage("org.gearshift.translator..", "org.gearshift.ir..", "java..", LIBRARIES);

    @ArchTest
    static final ArchRule pagingUsesNothing = classes().that().resideInAPackage("org.gearshift.paging..")
            .should().onlyDependOnClassesThat().resideInAnyPackage("org.gearshift.paging..", "java..", LIBRARIES);

    @ArchTest
    static final ArchRule backendUsesIrAndPaging = classes().that().resideInAPackage("org.gearshift.backend..")
            .should().onlyDependOnClassesThat().resideInAnyPackage("org.gearshift.backend..", "org.gearshift.ir..", "org.gearshift.paging..",
                    "org.objectweb.asm..", "jdk.jfr..", "java..", LIBRARIES);

    @ArchTest
    static final ArchRule theProcessorKnowsNoDevicesAndNoEngine = noClasses().that().resideInAPackage("org.gearshift.vmm.cpu..")
            .should().dependOnClassesThat().resideInAnyPackage("org.gearshift.vmm.device..", "org.gearshift.vmm.pc..", "org.gearshift.vmm.bus..",
                    "org.gearshift.vmm.engine..", "org.gearshift.vmm.boot..", "org.gearshift.vmm.xen..");

    @ArchTest
    static final ArchRule domainsKnowNoPc = noClasses().that().resideInAPackage("org.gearshift.vmm.xen..")
            .should().dependOnClassesThat().resideInAnyPackage("org.gearshift.vmm.pc..", "org.gearshift.vmm.bus..", "org.gearshift.vmm.acpi..",
                    "org.gearshift.vmm.engine..");

    @ArchTest
    static final ArchRule devicesKnowNoProcessor = noClasses().that().resideInAnyPackage("org.gearshift.vmm.device..", "org.gearshift.vmm.bus..",
                    "org.gearshift.vmm.acpi..", "org.gearshift.vmm.clock..", "org.gearshift.vmm.virtio..", "org.gearshift.vmm.disk..",
                    "org.gearshift.vmm.net..")
            .should().dependOnClassesThat().resideInAnyPackage("org.gearshift.vmm.cpu..", "org.gearshift.vmm.engine..", "org.gearshift.vmm.boot..");

    @ArchTest
    static final ArchRule theEngineKnowsNoDevices = noClasses().that().resideInAPackage("org.gearshift.vmm.engine..")
            .should().dependOnClassesThat().resideInAnyPackage("org.gearshift.vmm.device..", "org.gearshift.vmm.pc..", "org.gearshift.vmm.bus..",
                    "org.gearshift.vmm.boot..");

    @ArchTest
    static final ArchRule schedulerAndPolicyKnowNoMachines = classes().that().resideInAnyPackage("org.gearshift.vmm.sched..", "org.gearshift.vmm.policy..")
            .should().onlyDependOnClassesThat().resideInAnyPackage("org.gearshift.vmm.sched..", "org.gearshift.vmm.policy..", "java..");

    @ArchTest
    static final ArchRule nothingBelowUsesTheTools = noClasses().that().resideOutsideOfPackage("org.gearshift.tools..")
            .should().dependOnClassesThat().resideInAPackage("org.gearshift.tools..");

    @ArchTest
    static final ArchRule theMonitorDoesNotUseTheSamples = noClasses().that().resideInAPackage("org.gearshift.vmm..")
            .should().dependOnClassesThat().resideInAPackage("org.gearshift.samples..");
}
