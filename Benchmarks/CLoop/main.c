// The limit that the hub is measured against: a C program that consumes the same records, does the same gets and puts in
// LMDB, and writes as many records and bytes with as many headers, exactly once, in transactions of the same size. It
// decides nothing: what it writes is filling.
//
// One thread, as librdkafka's and LMDB's own documentation has it: read a batch, look each key up, produce, send the
// offsets, commit, and then write the store.

#include <librdkafka/rdkafka.h>
#include <lmdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;
static void stop(int signal) { (void)signal; stopped = 1; }

static void fail(const char *what, const char *why) {
    fprintf(stderr, "c-loop: %s: %s\n", what, why);
    exit(1);
}

static void check_lmdb(int code, const char *what) {
    if (code != 0) fail(what, mdb_strerror(code));
}

static void check_kafka(rd_kafka_error_t *error, const char *what) {
    if (error) fail(what, rd_kafka_error_string(error));
}

// What to do, as the bench has measured it at the hub.
static struct {
    const char *broker, *group, *input, *golden, *state, *store;
    long transaction;       // records
    long goldens;           // a thousand records
    long golden_bytes, headers, header_bytes, state_bytes;
    long gets_at_put;       // further gets of each key when the store is written
    long transaction_millis;
} plan = {.transaction_millis = 500};

static void read_plan(int count, char **words) {
    struct { const char *name; const char **text; long *number; } known[] = {
        {"broker", &plan.broker, NULL}, {"group", &plan.group, NULL}, {"input", &plan.input, NULL},
        {"golden", &plan.golden, NULL}, {"state", &plan.state, NULL}, {"store", &plan.store, NULL},
        {"transaction", NULL, &plan.transaction}, {"goldens", NULL, &plan.goldens},
        {"golden-bytes", NULL, &plan.golden_bytes}, {"headers", NULL, &plan.headers},
        {"header-bytes", NULL, &plan.header_bytes}, {"state-bytes", NULL, &plan.state_bytes},
        {"gets-at-put", NULL, &plan.gets_at_put},
    };
    for (int at = 1; at < count; at++) {
        char *value = strchr(words[at], '=');
        size_t place = 0, all = sizeof known / sizeof *known;
        if (!value) fail("an argument without =", words[at]);
        *value++ = 0;
        while (place < all && strcmp(known[place].name, words[at]) != 0) place++;
        if (place == all) fail("an unknown argument", words[at]);
        if (known[place].text) *known[place].text = value; else *known[place].number = atol(value);
    }
}

static rd_kafka_t *client(rd_kafka_type_t type, const char *first, ...) {
    char text[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    va_list rest;
    va_start(rest, first);
    for (const char *name = first; name; name = va_arg(rest, const char *)) {
        if (rd_kafka_conf_set(conf, name, va_arg(rest, const char *), text, sizeof text) != RD_KAFKA_CONF_OK)
            fail(name, text);
    }
    va_end(rest);
    rd_kafka_t *made = rd_kafka_new(type, conf, text, sizeof text);
    if (!made) fail("a client", text);
    return made;
}

// The keys of the open transaction: the hub writes each one's state once, however often it changes.
typedef struct { const uint8_t *key; size_t size; int32_t partition; } pending_t;
static pending_t *pending;
static size_t pending_count, *table, table_size;
static uint8_t *keys;
static size_t keys_used, keys_size;

static uint64_t hash(const uint8_t *key, size_t size) {
    uint64_t value = 0xcbf29ce484222325;
    while (size--) value = (value ^ *key++) * 0x100000001b3;
    return value ^ value >> 29;
}

// Whether it is new; keeps it if so.
static int add_pending(const uint8_t *key, size_t size, int32_t partition) {
    size_t at = hash(key, size) & (table_size - 1);
    for (; table[at]; at = (at + 1) & (table_size - 1)) {
        pending_t *other = &pending[table[at] - 1];
        if (other->size == size && memcmp(other->key, key, size) == 0) return 0;
    }
    if (keys_used + size > keys_size) fail("keys", "too many");
    memcpy(keys + keys_used, key, size);
    pending[pending_count] = (pending_t){keys + keys_used, size, partition};
    keys_used += size;
    table[at] = ++pending_count;
    return 1;
}

static void clear_pending(void) {
    memset(table, 0, table_size * sizeof *table);
    pending_count = keys_used = 0;
}

static int by_key(const void *one, const void *other) {
    const pending_t *a = one, *b = other;
    if (a->partition != b->partition) return a->partition < b->partition ? -1 : 1;
    int order = memcmp(a->key, b->key, a->size < b->size ? a->size : b->size);
    return order ? order : a->size < b->size ? -1 : a->size > b->size;
}

// The hub's key: domain, zero, partition, key.
static MDB_val full_key(uint8_t *room, int32_t partition, const void *key, size_t size) {
    memcpy(room, "product\0", 8);
    for (int at = 0; at < 4; at++) room[8 + at] = (uint8_t)(partition >> (24 - 8 * at));
    memcpy(room + 12, key, size);
    return (MDB_val){12 + size, room};
}

static void produce(
    rd_kafka_t *producer, rd_kafka_topic_t *topic, int32_t partition, const void *key, size_t key_size,
    const void *value, size_t size, rd_kafka_headers_t *headers
) {
    rd_kafka_vu_t fields[6];
    memset(fields, 0, sizeof fields);
    fields[0].vtype = RD_KAFKA_VTYPE_RKT, fields[0].u.rkt = topic;
    fields[1].vtype = RD_KAFKA_VTYPE_PARTITION, fields[1].u.i32 = partition;
    fields[2].vtype = RD_KAFKA_VTYPE_KEY, fields[2].u.mem.ptr = (void *)key, fields[2].u.mem.size = key_size;
    fields[3].vtype = RD_KAFKA_VTYPE_VALUE, fields[3].u.mem.ptr = (void *)value, fields[3].u.mem.size = size;
    fields[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS, fields[4].u.i = RD_KAFKA_MSG_F_COPY;
    fields[5].vtype = RD_KAFKA_VTYPE_HEADERS, fields[5].u.headers = headers;
    while (1) {
        rd_kafka_error_t *error = rd_kafka_produceva(producer, fields, headers ? 6 : 5);
        if (!error) return;
        if (rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__QUEUE_FULL) check_kafka(error, "produce");
        rd_kafka_error_destroy(error);
        rd_kafka_poll(producer, 20);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

int main(int count, char **words) {
    read_plan(count, words);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);

    rd_kafka_t *producer = client(
        RD_KAFKA_PRODUCER, "bootstrap.servers", plan.broker, "transactional.id", plan.group, "partitioner",
        "murmur2_random", "linger.ms", "1000", "batch.size", "262144", "queue.buffering.max.kbytes", "1048576",
        "transaction.timeout.ms", "60000", NULL);
    rd_kafka_t *consumer = client(
        RD_KAFKA_CONSUMER, "bootstrap.servers", plan.broker, "group.id", plan.group, "enable.auto.commit", "false",
        "isolation.level", "read_committed", "auto.offset.reset", "earliest", "fetch.wait.max.ms", "50", NULL);
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, plan.input, RD_KAFKA_PARTITION_UA);
    if (rd_kafka_subscribe(consumer, topics)) fail("subscribe", plan.input);
    check_kafka(rd_kafka_init_transactions(producer, 30000), "initialise transactions");
    rd_kafka_topic_t *golden = rd_kafka_topic_new(producer, plan.golden, NULL);
    rd_kafka_topic_t *state = rd_kafka_topic_new(producer, plan.state, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);

    MDB_env *environment;
    MDB_txn *transaction;
    MDB_dbi states, entries;
    check_lmdb(mdb_env_create(&environment), "the environment");
    check_lmdb(mdb_env_set_maxdbs(environment, 4), "databases");
    check_lmdb(mdb_env_set_mapsize(environment, 64UL << 30), "size");
    check_lmdb(mdb_env_open(environment, plan.store, MDB_NOTLS | MDB_NOSYNC | MDB_NORDAHEAD | MDB_NOSUBDIR, 0640), "open");
    check_lmdb(mdb_txn_begin(environment, NULL, 0, &transaction), "begin");
    check_lmdb(mdb_dbi_open(transaction, "state", MDB_CREATE, &states), "state");
    check_lmdb(mdb_dbi_open(transaction, "entries", MDB_CREATE, &entries), "entries");
    check_lmdb(mdb_txn_commit(transaction), "commit");

    size_t most = 10000;
    rd_kafka_message_t **batch = calloc(most, sizeof *batch);
    for (table_size = 1; table_size < (size_t)plan.transaction * 2 + 1024;) table_size *= 2;
    table = calloc(table_size, sizeof *table);
    pending = calloc((size_t)plan.transaction + most, sizeof *pending);
    keys = malloc(keys_size = ((size_t)plan.transaction + most) * 64);
    size_t largest = (size_t)(plan.golden_bytes > plan.state_bytes ? plan.golden_bytes : plan.state_bytes) + 8192;
    char *filling = malloc(largest);
    for (size_t at = 0; at < largest; at++) filling[at] = (char)('a' + at * 7 % 26);
    size_t header_size = plan.headers ? (size_t)(plan.header_bytes / plan.headers) : 0;
    // A header's name is counted among its bytes.
    char name[12] = "ce_filling";
    size_t text_size = header_size > 10 ? header_size - 10 : 1;

    long due = 0, consumed = 0;
    double began = 0;
    uint64_t seen = 0;
    static char partitions[4096];
    while (!stopped) {
        long room = plan.transaction - consumed;
        ssize_t got = rd_kafka_consume_batch_queue(queue, consumed ? 5 : 100, batch, (size_t)room < most ? (size_t)room : most);
        if (got < 0) fail("consume", rd_kafka_err2str(rd_kafka_last_error()));
        MDB_txn *reading = NULL;
        for (ssize_t at = 0; at < got; at++) {
            rd_kafka_message_t *message = batch[at];
            if (message->err) {
                if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) continue;
                fail("a record", rd_kafka_message_errstr(message));
            }
            if (!consumed++) {
                check_kafka(rd_kafka_begin_transaction(producer), "begin transaction");
                began = now();
            }
            if (!reading) check_lmdb(mdb_txn_begin(environment, NULL, MDB_RDONLY, &reading), "begin to read");
            if (message->partition < 4096) partitions[message->partition] = 1;
            uint8_t room[600];
            if (add_pending(message->key, message->key_len, message->partition)) {
                MDB_val key = full_key(room, message->partition, message->key, message->key_len), value;
                if (mdb_get(reading, states, &key, &value) == 0) {
                    // Touched from end to end, as a state is.
                    for (size_t byte = 0; byte < value.mv_size; byte += 64) seen += ((uint8_t *)value.mv_data)[byte];
                }
            }
            due += plan.goldens;
            for (; due >= 1000; due -= 1000) {
                rd_kafka_headers_t *headers = rd_kafka_headers_new((size_t)plan.headers);
                for (long header = 0; header < plan.headers; header++)
                    rd_kafka_header_add(headers, name, 10, filling, (ssize_t)text_size);
                produce(producer, golden, RD_KAFKA_PARTITION_UA, message->key, message->key_len, filling + (seen & 1023), (size_t)plan.golden_bytes, headers);
            }
        }
        if (reading) mdb_txn_abort(reading);
        // Positions are taken now: they are what was handed out.
        for (ssize_t at = 0; at < got; at++) rd_kafka_message_destroy(batch[at]);
        rd_kafka_poll(producer, 0);
        if (!consumed || (consumed < plan.transaction && got > 0 && now() - began < (double)plan.transaction_millis)) continue;

        qsort(pending, pending_count, sizeof *pending, by_key);
        for (size_t at = 0; at < pending_count; at++)
            produce(producer, state, pending[at].partition, pending[at].key, pending[at].size, filling + (at & 1023), (size_t)plan.state_bytes, NULL);
        for (int32_t partition = 0; partition < 4096; partition++) {
            if (partitions[partition]) produce(producer, state, partition, "\1hub", 4, filling, 17, NULL);
            partitions[partition] = 0;
        }
        rd_kafka_topic_partition_list_t *positions;
        if (rd_kafka_assignment(consumer, &positions) || rd_kafka_position(consumer, positions)) fail("positions", "none");
        rd_kafka_consumer_group_metadata_t *member = rd_kafka_consumer_group_metadata(consumer);
        check_kafka(rd_kafka_send_offsets_to_transaction(producer, positions, member, 30000), "send offsets");
        rd_kafka_consumer_group_metadata_destroy(member);
        rd_kafka_topic_partition_list_destroy(positions);
        // As the hub does: a commit sends at once what waits, and as long as that may not leave yet, librdkafka's thread
        // polls without a pause.
        while (rd_kafka_outq_len(producer) > 1000 && rd_kafka_poll(producer, 5) > 0) {}
        check_kafka(rd_kafka_commit_transaction(producer, 60000), "commit transaction");

        check_lmdb(mdb_txn_begin(environment, NULL, 0, &transaction), "begin to write");
        for (size_t at = 0; at < pending_count; at++) {
            uint8_t room[600];
            MDB_val key = full_key(room, pending[at].partition, pending[at].key, pending[at].size);
            MDB_val value = {(size_t)plan.state_bytes, filling + (at & 1023)}, old;
            check_lmdb(mdb_put(transaction, states, &key, &value, 0), "put");
            for (long get = 0; get < plan.gets_at_put; get++) mdb_get(transaction, entries, &key, &old);
        }
        check_lmdb(mdb_txn_commit(transaction), "commit");
        clear_pending();
        consumed = 0;
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(consumer);
    rd_kafka_topic_destroy(golden);
    rd_kafka_topic_destroy(state);
    rd_kafka_destroy(producer);
    mdb_env_close(environment);
    return 0;
}
