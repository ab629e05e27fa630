/* A stand-in for libnvidia-ml.so.1, the library of NVIDIA's driver, for machines that have none.
 *
 * It answers from the text file named by $SIMULATED_NVML, read again whenever that changes (write a new file and
 * rename it over the old one, so that half a file is never seen). Lines are `key = value`; `[N]` begins GPU N, `[N:M]`
 * its MIG instance M; keys before the first are the system's. A key that is missing answers NVML_ERROR_NOT_SUPPORTED,
 * as real boards do.
 *
 *   system  driver, count; error (NVML code that every call answers: 9 is a driver that is not loaded)
 *   GPU     name uuid bus minor; mem_total mem_used mem_reserved (bytes; v1 = no second version of the call);
 *           util memutil (percent); temp slowdown margin (degrees); power limit (milliwatts);
 *           procs, graphics = pid:bytes[,pid:bytes], bytes `na` where the board does not tell;
 *           proc_util = pid:percent:microseconds[,...] (samples of what each process takes of the GPU);
 *           sm_clock sm_clock_max mem_clock mem_clock_max (MHz); reasons (bits of clock events); pstate;
 *           fan enc dec (percent); pcie_rx pcie_tx (KB/s); pcie_gen pcie_width pcie_width_max;
 *           nvlink_rx nvlink_tx (counters, KiB); ecc_volatile ecc_aggregate; compute_mode; mig (1 = on);
 *           error (NVML code that every call for this GPU answers: 15 is a GPU that is lost);
 *           sleep_us (how long every call for this GPU takes)
 *
 * Without the file no driver is loaded. Structures and versions are those of NVIDIA's nvml.h.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7,
    DRIVER_NOT_LOADED = 9, FUNCTION_NOT_FOUND = 13, GPU_IS_LOST = 15, LIB_RM_VERSION_MISMATCH = 18,
    VERSION_MISMATCH = 25
};
enum { MAX_GPUS = 16, MAX_PARTS = 7, MAX_KEYS = 64, VALUE = 240 };
enum { FIRST_PART = 1 + MAX_GPUS, SECTIONS = FIRST_PART + MAX_GPUS * MAX_PARTS };
enum { FI_NVLINK_TX = 138, FI_NVLINK_RX = 139, ALL_LINKS = -1, VALUE_TYPE_U64 = 3 };
enum { MEMORY_V2 = 0x02000028, TEMPERATURE_V1 = 0x0100000c, MARGIN_V1 = 0x01000008, THRESHOLD_SLOWDOWN = 1 };

typedef unsigned long long u64;
typedef struct { char key[16], value[VALUE]; } Pair;
typedef struct { Pair pairs[MAX_KEYS]; int count; } Section;
typedef struct { u64 total, free, used; } Memory;
typedef struct { unsigned version; u64 total, reserved, free, used; } Memory2;
typedef struct { unsigned gpu, memory; } Utilization;
typedef struct { unsigned pid; u64 memory; unsigned gpu_instance, compute_instance; } ProcessInfo;
typedef struct { unsigned version; int sensor, temperature; } Temperature;
typedef struct { unsigned version; int margin; } Margin;
typedef struct { unsigned pid; u64 time; unsigned gpu, memory, encoder, decoder; } ProcessSample;
typedef struct { unsigned field, scope; long long time, latency; int type, rc; union { double d; u64 u; } value; } Field;
typedef struct { char legacy[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; } PciInfo;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* 0: the system; N + 1: GPU N; then the MIG instances, seven a GPU. A handle is the section's number. */
static Section sections[SECTIONS];
static struct stat seen;
static int initialized;

static const char *find(long section, const char *key) {
    for (int i = 0; i < sections[section].count; i++)
        if (!strcmp(sections[section].pairs[i].key, key)) return sections[section].pairs[i].value;
    return NULL;
}

static char *trim(char *text) {
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length && strchr(" \t\r\n", text[length - 1])) text[--length] = 0;
    return text;
}

/* The section that a head such as `[1]` or `[1:0]` begins; a number that is too large begins none of its own. */
static Section *section_of(const char *head) {
    int gpu = -1, part = -1, found = sscanf(head, "[%d:%d]", &gpu, &part);
    if (gpu < 0 || gpu >= MAX_GPUS || part >= MAX_PARTS) return sections;
    return &sections[found == 2 && part >= 0 ? FIRST_PART + gpu * MAX_PARTS + part : gpu + 1];
}

static void parse(FILE *file) {
    char line[512];
    Section *section = sections;
    memset(sections, 0, sizeof sections);
    while (fgets(line, sizeof line, file)) {
        char *text = trim(line), *equals = strchr(text, '=');
        if (*text == '[') {
            section = section_of(text);
        } else if (*text != '#' && equals && section->count < MAX_KEYS) {
            Pair *pair = &section->pairs[section->count++];
            *equals = 0;
            snprintf(pair->key, sizeof pair->key, "%s", trim(text));
            snprintf(pair->value, sizeof pair->value, "%s", trim(equals + 1));
        }
    }
}

/* What the file says now; with the lock held. */
static int refresh(void) {
    const char *path = getenv("SIMULATED_NVML"), *error;
    struct stat now;
    if (!path || stat(path, &now)) return DRIVER_NOT_LOADED;
    if (now.st_ino != seen.st_ino || now.st_size != seen.st_size || now.st_mtim.tv_sec != seen.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != seen.st_mtim.tv_nsec) {
        FILE *file = fopen(path, "r");
        if (!file) return DRIVER_NOT_LOADED;
        parse(file);
        fclose(file);
        seen = now;
    }
    return (error = find(0, "error")) ? atoi(error) : SUCCESS;
}

/* Copies one value out. */
static int get(long section, const char *key, char *out, size_t room) {
    unsigned nap = 0;
    pthread_mutex_lock(&lock);
    int rc = initialized ? refresh() : UNINITIALIZED;
    const char *value;
    if (!rc && (section < 0 || section >= SECTIONS)) rc = INVALID_ARGUMENT;
    if (!rc && section) {
        if ((value = find(section, "sleep_us"))) nap = atoi(value);
        if ((value = find(section, "error"))) rc = atoi(value);
    }
    if (!rc) {
        value = find(section, key);
        rc = !value ? NOT_SUPPORTED : strlen(value) >= room ? INSUFFICIENT_SIZE : SUCCESS;
        if (!rc) strcpy(out, value);
    }
    pthread_mutex_unlock(&lock);
    if (nap) usleep(nap);
    return rc;
}

static int get_u64(long section, const char *key, u64 *out) {
    char text[VALUE];
    int rc = get(section, key, text, sizeof text);
    if (!rc) *out = strtoull(text, NULL, 0);
    return rc;
}

static int get_unsigned(long section, const char *key, unsigned *out) {
    u64 value;
    int rc = get_u64(section, key, &value);
    if (!rc) *out = (unsigned)value;
    return rc;
}

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    pthread_mutex_lock(&lock);
    int rc = refresh();
    if (!rc) initialized++;
    pthread_mutex_unlock(&lock);
    return rc;
}
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }

int nvmlShutdown(void) {
    pthread_mutex_lock(&lock);
    int rc = initialized ? (initialized--, SUCCESS) : UNINITIALIZED;
    pthread_mutex_unlock(&lock);
    return rc;
}

const char *nvmlErrorString(int rc) {
    switch (rc) {
    case SUCCESS: return "Success";
    case UNINITIALIZED: return "Uninitialized";
    case INVALID_ARGUMENT: return "Invalid Argument";
    case NOT_SUPPORTED: return "Not Supported";
    case NOT_FOUND: return "Not Found";
    case INSUFFICIENT_SIZE: return "Insufficient Size";
    case DRIVER_NOT_LOADED: return "Driver Not Loaded";
    case FUNCTION_NOT_FOUND: return "Function Not Found";
    case GPU_IS_LOST: return "GPU is lost";
    case LIB_RM_VERSION_MISMATCH: return "RM has detected an NVML/RM version mismatch.";
    case VERSION_MISMATCH: return "Argument Version Mismatch";
    default: return "Unknown Error";
    }
}

int nvmlSystemGetDriverVersion(char *out, unsigned room) { return get(0, "driver", out, room); }
int nvmlSystemGetNVMLVersion(char *out, unsigned room) { return get(0, "driver", out, room); }
int nvmlDeviceGetCount_v2(unsigned *out) { return get_unsigned(0, "count", out); }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, long *handle) {
    unsigned count, error;
    int rc = nvmlDeviceGetCount_v2(&count);
    if (rc) return rc;
    if (index >= count) return INVALID_ARGUMENT;
    *handle = index + 1;
    return get_unsigned(*handle, "error", &error) == GPU_IS_LOST ? GPU_IS_LOST : SUCCESS;
}

static int handle_by(const char *key, const char *wanted, long *handle) {
    unsigned count;
    char value[VALUE];
    int rc = nvmlDeviceGetCount_v2(&count);
    for (unsigned i = 0; !rc && i < count; i++)
        if (!get(i + 1, key, value, sizeof value) && !strcasecmp(value, wanted)) return *handle = i + 1, SUCCESS;
    return rc ? rc : NOT_FOUND;
}
int nvmlDeviceGetHandleByUUID(const char *uuid, long *handle) { return handle_by("uuid", uuid, handle); }
int nvmlDeviceGetHandleByPciBusId_v2(const char *bus, long *handle) { return handle_by("bus", bus, handle); }

int nvmlDeviceGetIndex(long gpu, unsigned *out) { return gpu < 1 ? INVALID_ARGUMENT : (*out = gpu - 1, SUCCESS); }
int nvmlDeviceGetMinorNumber(long gpu, unsigned *out) { return get_unsigned(gpu, "minor", out); }
int nvmlDeviceGetName(long gpu, char *out, unsigned room) { return get(gpu, "name", out, room); }
int nvmlDeviceGetUUID(long gpu, char *out, unsigned room) { return get(gpu, "uuid", out, room); }

int nvmlDeviceGetPciInfo_v3(long gpu, PciInfo *pci) {
    memset(pci, 0, sizeof *pci);
    int rc = get(gpu, "bus", pci->bus_id, sizeof pci->bus_id);
    if (!rc) sscanf(pci->bus_id, "%x:%x:%x", &pci->domain, &pci->bus, &pci->device);
    return rc;
}

static int memory(long gpu, Memory2 *out) {
    out->reserved = 0;
    get_u64(gpu, "mem_reserved", &out->reserved);
    int rc = get_u64(gpu, "mem_total", &out->total);
    if (!rc) rc = get_u64(gpu, "mem_used", &out->used);
    if (!rc) out->free = out->total - out->used - out->reserved;
    return rc;
}

int nvmlDeviceGetMemoryInfo_v2(long gpu, Memory2 *out) {
    unsigned old;
    if (out->version != MEMORY_V2) return VERSION_MISMATCH;
    return get_unsigned(gpu, "v1", &old) == SUCCESS ? FUNCTION_NOT_FOUND : memory(gpu, out);
}

int nvmlDeviceGetMemoryInfo(long gpu, Memory *out) {
    Memory2 all;
    int rc = memory(gpu, &all);
    if (!rc) *out = (Memory){ all.total, all.free, all.used + all.reserved };
    return rc;
}

int nvmlDeviceGetUtilizationRates(long gpu, Utilization *out) {
    int rc = get_unsigned(gpu, "util", &out->gpu);
    if (!rc && get_unsigned(gpu, "memutil", &out->memory)) out->memory = 0;
    return rc;
}

int nvmlDeviceGetTemperature(long gpu, int sensor, unsigned *out) {
    (void)sensor;
    return get_unsigned(gpu, "temp", out);
}
int nvmlDeviceGetTemperatureV(long gpu, Temperature *out) {
    if (out->version != TEMPERATURE_V1) return VERSION_MISMATCH;
    return get_unsigned(gpu, "temp", (unsigned *)&out->temperature);
}
int nvmlDeviceGetTemperatureThreshold(long gpu, int kind, unsigned *out) {
    return get_unsigned(gpu, kind == THRESHOLD_SLOWDOWN ? "slowdown" : "shutdown", out);
}
int nvmlDeviceGetMarginTemperature(long gpu, Margin *out) {
    if (out->version != MARGIN_V1) return VERSION_MISMATCH;
    return get_unsigned(gpu, "margin", (unsigned *)&out->margin);
}

int nvmlDeviceGetPowerUsage(long gpu, unsigned *out) { return get_unsigned(gpu, "power", out); }
int nvmlDeviceGetEnforcedPowerLimit(long gpu, unsigned *out) { return get_unsigned(gpu, "limit", out); }

int nvmlDeviceGetClockInfo(long gpu, int kind, unsigned *out) {
    return get_unsigned(gpu, kind == 2 ? "mem_clock" : "sm_clock", out);
}
int nvmlDeviceGetMaxClockInfo(long gpu, int kind, unsigned *out) {
    return get_unsigned(gpu, kind == 2 ? "mem_clock_max" : "sm_clock_max", out);
}
int nvmlDeviceGetFanSpeed(long gpu, unsigned *out) { return get_unsigned(gpu, "fan", out); }
int nvmlDeviceGetPcieThroughput(long gpu, int counter, unsigned *out) {
    return get_unsigned(gpu, counter ? "pcie_rx" : "pcie_tx", out);
}
int nvmlDeviceGetCurrPcieLinkGeneration(long gpu, unsigned *out) { return get_unsigned(gpu, "pcie_gen", out); }
int nvmlDeviceGetCurrPcieLinkWidth(long gpu, unsigned *out) { return get_unsigned(gpu, "pcie_width", out); }
int nvmlDeviceGetMaxPcieLinkWidth(long gpu, unsigned *out) { return get_unsigned(gpu, "pcie_width_max", out); }
int nvmlDeviceGetPerformanceState(long gpu, int *out) { return get_unsigned(gpu, "pstate", (unsigned *)out); }
int nvmlDeviceGetComputeMode(long gpu, int *out) { return get_unsigned(gpu, "compute_mode", (unsigned *)out); }
int nvmlDeviceGetCurrentClocksEventReasons(long gpu, u64 *out) { return get_u64(gpu, "reasons", out); }
int nvmlDeviceGetCurrentClocksThrottleReasons(long gpu, u64 *out) { return get_u64(gpu, "reasons", out); }
int nvmlDeviceGetEncoderUtilization(long gpu, unsigned *out, unsigned *period) {
    *period = 167000;
    return get_unsigned(gpu, "enc", out);
}
int nvmlDeviceGetDecoderUtilization(long gpu, unsigned *out, unsigned *period) {
    *period = 167000;
    return get_unsigned(gpu, "dec", out);
}
int nvmlDeviceGetTotalEccErrors(long gpu, int type, int counter, u64 *out) {
    return type == 1 ? get_u64(gpu, counter ? "ecc_aggregate" : "ecc_volatile", out) : NOT_SUPPORTED;
}

/* The call itself succeeds; what a field cannot tell is said with the field. */
int nvmlDeviceGetFieldValues(long gpu, int count, Field *fields) {
    char name[VALUE];
    int rc = get(gpu, "uuid", name, sizeof name);
    for (int i = 0; !rc && i < count; i++) {
        int known = (int)fields[i].scope == ALL_LINKS;
        known = known && (fields[i].field == FI_NVLINK_TX || fields[i].field == FI_NVLINK_RX);
        fields[i].type = VALUE_TYPE_U64;
        fields[i].rc = !known ? NOT_SUPPORTED :
            get_u64(gpu, fields[i].field == FI_NVLINK_TX ? "nvlink_tx" : "nvlink_rx", &fields[i].value.u);
    }
    return rc;
}

int nvmlDeviceGetMigMode(long gpu, unsigned *current, unsigned *pending) {
    int rc = get_unsigned(gpu, "mig", current);
    *pending = *current;
    return rc;
}
int nvmlDeviceGetMaxMigDeviceCount(long gpu, unsigned *out) {
    unsigned on = 0;
    int rc = get_unsigned(gpu, "mig", &on);
    *out = on ? MAX_PARTS : 0;
    return rc == NOT_SUPPORTED ? SUCCESS : rc;
}
int nvmlDeviceGetMigDeviceHandleByIndex(long gpu, unsigned index, long *part) {
    char uuid[VALUE];
    int rc = get(gpu, "uuid", uuid, sizeof uuid);
    if (rc || gpu < 1 || gpu > MAX_GPUS || index >= MAX_PARTS) return rc ? rc : INVALID_ARGUMENT;
    *part = FIRST_PART + (gpu - 1) * MAX_PARTS + index;
    return get(*part, "uuid", uuid, sizeof uuid) ? NOT_FOUND : SUCCESS;
}

int nvmlDeviceGetProcessUtilization(long gpu, ProcessSample *out, unsigned *count, u64 since) {
    char list[VALUE], *next, *item;
    unsigned found = 0, room = *count;
    int rc = get(gpu, "proc_util", list, sizeof list);
    *count = 0;
    if (rc) return rc;
    for (item = strtok_r(list, ",", &next); item; item = strtok_r(NULL, ",", &next)) {
        ProcessSample sample = { 0 };
        if (sscanf(item, "%u:%u:%llu", &sample.pid, &sample.gpu, &sample.time) < 3 || sample.time <= since) continue;
        if (out && found < room) out[found] = sample;
        found++;
    }
    *count = found;
    return !found ? NOT_FOUND : !out || found > room ? INSUFFICIENT_SIZE : SUCCESS;
}

static int processes(long gpu, const char *key, unsigned *count, ProcessInfo *out) {
    char list[VALUE], *next, *item;
    unsigned found = 0, room = *count;
    int rc = get(gpu, key, list, sizeof list);
    *count = 0;
    if (rc) return rc == NOT_SUPPORTED ? SUCCESS : rc;
    for (item = strtok_r(list, ",", &next); item; item = strtok_r(NULL, ",", &next), found++)
        if (out && found < room) {
            out[found] = (ProcessInfo){ .memory = ~0ull, .gpu_instance = ~0u, .compute_instance = ~0u };
            sscanf(item, "%u:%llu", &out[found].pid, &out[found].memory);
        }
    *count = found;
    return found && (!out || found > room) ? INSUFFICIENT_SIZE : SUCCESS;
}
int nvmlDeviceGetComputeRunningProcesses_v3(long gpu, unsigned *count, ProcessInfo *out) {
    return processes(gpu, "procs", count, out);
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(long gpu, unsigned *count, ProcessInfo *out) {
    return processes(gpu, "graphics", count, out);
}
